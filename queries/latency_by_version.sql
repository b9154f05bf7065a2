-- How slow is each version at its 95th percentile?
with counts as (
    select stepped($step, bucket_start) as step_at, version, bucket, sum(n) as n
    from   latencies
    where  model = $model and ok and bucket_start >= $since and bucket_start < $until
    group  by all
), ranked as (
    select step_at, version, bucket,
           sum(n) over (partition by step_at, version order by bucket) as up_to,
           sum(n) over (partition by step_at, version)                 as total
    from   counts
)
select step_at, version, bucket_ms(min(bucket) filter (up_to >= 0.95 * total)) as p95_ms
from   ranked
group  by all
order  by step_at, version
