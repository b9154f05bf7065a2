-- How many requests does each version serve?
with steps as (
    select stepped($step, bucket_start) as step_at, version, sum(n) as n, max(last_at) as last_at
    from   requests
    where  model = $model and bucket_start >= $since and bucket_start < $until
    group  by all
), spans as (
    -- the last step has only begun: its rate is over the seconds that it has had
    select *, greatest(1, least(epoch($step), epoch(max(last_at) over ()) - epoch(step_at))) as step_s from steps
)
select step_at, version, n::bigint as requests, n / step_s as requests_per_s
from   spans
order  by step_at, version
