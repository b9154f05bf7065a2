-- Which share of each version's requests fails: error, timeout or fallback?
select stepped($step, bucket_start)                              as step_at,
       version,
       pct(coalesce(sum(n) filter (failed(outcome)), 0), sum(n))     as error_pct,
       sum(n)::bigint                                                as requests
from   requests
where  model = $model and bucket_start >= $since and bucket_start < $until
group  by all
order  by step_at, version
