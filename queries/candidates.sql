-- Which versions could take the traffic: when did each last meet its objectives while it served, and how did it do?
with slices as (
    select version, stepped(interval 10 minutes, bucket_start) as slice_at, arg_max(role, last_at) as role,
           sum(n) as n, sum(n) filter (failed(outcome)) as k, min(first_at) as first_at, max(last_at) as last_at
    from   requests
    where  model = $model and role <> 'shadow' and bucket_start < $now
    group  by all
), slow as (
    select version, stepped(interval 10 minutes, bucket_start) as slice_at, bucket, sum(n) as n
    from   latencies
    where  model = $model and role <> 'shadow' and ok and bucket_start < $now
    group  by all
), judged as (
    -- fewer than 50 requests in ten minutes judge nothing; such a slice neither meets nor misses
    select slices.*, n >= 50 as enough,
           coalesce(k, 0) / n <= $failed_limit_pct / 100
               and coalesce((select sum(s.n) filter (bucket_ms(s.bucket) > $p95_limit_ms) / sum(s.n) from slow as s
                             where s.version = slices.version and s.slice_at = slices.slice_at), 0) <= 0.05 as met
    from   slices
), runs as (
    select *, sum((not met)::int) over (partition by version order by slice_at) as run
    from   judged where enough
), last_met as (
    select version, max(run) as run from runs where met group by version
), healthy as (
    select version, min(first_at) as met_from_at, max(last_at) as met_until_at, sum(n)::bigint as met_requests,
           pct(coalesce(sum(k), 0), sum(n)) as met_failed_pct, min(slice_at) as from_slice, max(slice_at) as until_slice
    from   runs join last_met using (version, run) where met
    group  by version
), whole as (
    select version, arg_max(role, last_at) as role, sum(n)::bigint as requests, min(first_at) as first_at, max(last_at) as last_at,
           arg_max(met, slice_at) filter (enough) as is_met,
           arg_max(pct(coalesce(k, 0), n), slice_at) filter (enough) as last_failed_pct
    from   judged
    group  by version
)
select $model as model, whole.version, whole.role, whole.requests, whole.first_at, whole.last_at,
       case when is_met is null then 'cannot tell' when is_met then 'met' else 'missed' end as verdict,
       last_failed_pct, met_from_at, met_until_at, met_requests, met_failed_pct,
       (select bucket_ms(min(bucket) filter (up_to >= 0.95 * total)) from (
            select bucket, sum(n) over (order by bucket) as up_to, sum(n) over () as total from slow
            where  slow.version = whole.version and slice_at between from_slice and until_slice)) as met_p95_ms,
       epoch($now) - epoch(met_until_at) as met_age_s
from   whole left join healthy using (version)
order  by whole.last_at desc
