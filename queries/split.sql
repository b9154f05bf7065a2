-- Since a moment: which share of the answered requests does each version get, and how sure is that (19 in 20)?
with served as (
    select version, sum(n) as n, max(last_at) as last_at
    from   requests
    where  model = $model and role <> 'shadow' and bucket_start >= $since and bucket_start < $until
    group  by version
), totals as (
    select *, sum(n) over () as total from served
)
select version, n::bigint as requests, pct(n, total) as share_pct,
       100 * rate_low(n / mean_weight(), total / mean_weight(), 0.05, 1000) as share_low_pct,
       100 * rate_high(n / mean_weight(), total / mean_weight(), 0.05, 1000) as share_high_pct, last_at
from   totals
order  by n desc, version
