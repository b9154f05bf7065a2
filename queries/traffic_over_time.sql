-- How many requests does each version serve?
select time_bucket($step, bucket_start)                as step_at,
       version,
       sum(n)::bigint                                  as requests,
       sum(n) / epoch($step)                           as requests_per_s
from   requests
where  model = $model and bucket_start >= $since and bucket_start < $until
group  by all
order  by step_at, version
