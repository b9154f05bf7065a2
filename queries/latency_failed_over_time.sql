-- How long do failed requests take?
with counts as (
    select stepped($step, bucket_start) as step_at, bucket, sum(n) as n
    from   latencies
    where  model = $model and not ok and bucket_start >= $since and bucket_start < $until
           and ($version is null or version = $version)
    group  by all
), ranked as (
    select step_at, bucket, sum(n) over (partition by step_at order by bucket) as up_to, sum(n) over (partition by step_at) as total
    from   counts
)
select step_at,
       bucket_ms(min(bucket) filter (up_to >= 0.50 * total)) as p50_ms,
       bucket_ms(min(bucket) filter (up_to >= 0.95 * total)) as p95_ms,
       bucket_ms(min(bucket) filter (up_to >= 0.99 * total)) as p99_ms
from   ranked
group  by step_at
order  by step_at
