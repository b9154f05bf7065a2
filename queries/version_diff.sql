-- How do two versions behave in the same window: a, the one that is live or asked for, and b, beside it?
with served as (
    select version, role, last_at from version_counts($model, $since, $until)
), a_side as (
    select coalesce($version, (select version from served order by role = 'live' desc, last_at desc limit 1)) as version
), chosen as (
    select version as a_version,
           coalesce($other, (select version from served where version <> a_side.version
                             order by role = 'canary' desc, role = 'live' desc, last_at desc limit 1)) as b_version
    from   a_side
), sides as (
    select c.*, l.p50_ms, l.p95_ms, l.p99_ms
    from   version_counts($model, $since, $until) as c
           left join version_latencies($model, $since, $until) as l using (version)
), pair as (
    select a, b from (select sides as a from sides where version = (select a_version from chosen))
           full join (select sides as b from sides where version = (select b_version from chosen)) on true
), bet as (
    select log_e_value([a.failures, b.failures], [a.requests, b.requests], 10.0) as log_e,
           a.requests >= 50 and b.requests >= 50 as enough,
           pct(a.failures, a.requests) as a_pct, pct(b.failures, b.requests) as b_pct
    from   pair
), score as (
    select "column", sum(n) filter (version = a_version) as a_n, sum(n) filter (version = b_version) as b_n, bin
    from   "values" cross join chosen
    where  model = $model and "column" in ('score', 'prediction') and bucket_start >= $since and bucket_start < $until
    group  by all
), score_shift as (
    select "column", psi(list(coalesce(a_n, 0) order by bin), list(coalesce(b_n, 0) order by bin))  as psi,
           psi_noise(list(coalesce(a_n, 0) order by bin), list(coalesce(b_n, 0) order by bin), $alpha) as psi_critical
    from   score
    group  by "column"
), measures as (
    select 1 as place, 'requests' as measure, 'count' as unit, a.requests::double as a, b.requests::double as b, null as verdict from pair
    union all select 2, 'requests_per_s', '/s', a.requests / epoch($until - $since), b.requests / epoch($until - $since), null from pair
    union all select 3, 'failed_pct',   '%', a_pct, b_pct,
              case when not coalesce(enough, false) then 'cannot tell'
                   when log_e >= ln(100) and b_pct > a_pct then 'worse'
                   when log_e >= ln(100) then 'better' else 'not shown worse' end from bet
    union all select 4, 'error_pct',    '%', pct(a.errors, a.requests),    pct(b.errors, b.requests), null    from pair
    union all select 5, 'timeout_pct',  '%', pct(a.timeouts, a.requests),  pct(b.timeouts, b.requests), null  from pair
    union all select 6, 'fallback_pct', '%', pct(a.fallbacks, a.requests), pct(b.fallbacks, b.requests), null from pair
    union all select 7, 'p50_ms', 'ms', a.p50_ms, b.p50_ms, null from pair
    union all select 8, 'p95_ms', 'ms', a.p95_ms, b.p95_ms, null from pair
    union all select 9, 'p99_ms', 'ms', a.p99_ms, b.p99_ms, null from pair
    union all select 10, "column" || '_psi', 'PSI, b against a', null, psi,
              case when psi_critical is null then 'cannot tell' when psi > psi_critical and psi >= $psi_limit then 'differs'
                   else 'inside noise' end from score_shift
)
select measure, unit, a, b, b - a as difference, verdict, a_version, b_version
from   measures cross join chosen
order  by place, measure
