-- Whose requests are refused as malformed, unauthorised or too many?
select client, version, sum(n)::bigint as requests,
       pct(coalesce(sum(n) filter (outcome = 'rejected'), 0), sum(n))     as rejected_pct,
       pct(coalesce(sum(n) filter (outcome = 'unauthorised'), 0), sum(n)) as unauthorised_pct,
       pct(coalesce(sum(n) filter (outcome = 'limited'), 0), sum(n))      as limited_pct
from   clients
where  model = $model and bucket_start >= $since and bucket_start < $until
group  by client, version
order  by greatest(rejected_pct, unauthorised_pct, limited_pct) desc, requests desc
