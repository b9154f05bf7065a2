-- How are latencies spread, step by step?
select stepped($step, bucket_start)    as step_at,
       bucket_low_ms(floor(bucket / 10) * 10)      as low_ms,
       bucket_low_ms(floor(bucket / 10) * 10 + 10) as high_ms,
       sum(n)::bigint                      as requests
from   latencies
where  model = $model and bucket_start >= $since and bucket_start < $until
       and ($version is null or version = $version)
group  by all
order  by step_at, low_ms
