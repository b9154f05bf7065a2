-- Whose requests are refused as malformed, unauthorised or too many, and whose values break a declared range?
with broken as (
    select client, version, sum(n) as n, string_agg(distinct "column", ', ' order by "column") as columns
    from   violations
    where  model = $model and bucket_start >= $since and bucket_start < $until
    group  by client, version
), refused as (
    select client, version, sum(n)::bigint as requests,
           pct(coalesce(sum(n) filter (outcome = 'rejected'), 0), sum(n))     as rejected_pct,
           pct(coalesce(sum(n) filter (outcome = 'unauthorised'), 0), sum(n)) as unauthorised_pct,
           pct(coalesce(sum(n) filter (outcome = 'limited'), 0), sum(n))      as limited_pct
    from   clients
    where  model = $model and bucket_start >= $since and bucket_start < $until
    group  by client, version
)
select client, version, requests, rejected_pct, unauthorised_pct, limited_pct,
       coalesce(b.n, 0)::bigint as violations, b.columns as violated
from   refused as r full join broken as b using (client, version)
order  by greatest(rejected_pct, unauthorised_pct, limited_pct, pct(violations, requests)) desc nulls last, requests desc, client
