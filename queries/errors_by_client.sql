-- Which clients are hit, on which version?
select client, version, sum(n)::bigint as requests,
       pct(coalesce(sum(n) filter (failed(outcome)), 0), sum(n))     as error_pct,
       pct(coalesce(sum(n) filter (outcome = 'timeout'), 0), sum(n)) as timeout_pct
from   clients
where  model = $model and bucket_start >= $since and bucket_start < $until
group  by all
order  by error_pct desc, requests desc, client
limit  200
