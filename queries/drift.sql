-- Which columns have moved away from the baseline, how far, and since when?
with measures as (
    select * from drift_measures($model, $version, $since, $until, $baseline, $psi_limit, $alpha)
), shape as (
    select "column", bin, coalesce(n, 0) as base from (select distinct "column", bin from bins)
           left join baseline_counts($model, $version, $since, $until, $baseline) using ("column", bin)
), steps as (
    select time_bucket(greatest($step, interval 1 minute), bucket_start) as step_at, "column", bin, sum(n) as n
    from   "values"
    where  model = $model and role <> 'shadow' and ($version is null or version = $version)
           and bucket_start >= $since and bucket_start < $until
    group  by all
), slices as (
    select "column", bin, sum(n) as n,
           least(11, floor(12 * (epoch(step_at) - epoch($since)) / (epoch($until) - epoch($since)))) as slice
    from   steps
    group  by all
), slice_psi as (
    select "column", slice, psi(list(base order by bin), list(coalesce(n, 0) order by bin)) as psi
    from   (select distinct "column", slice from slices) join shape using ("column")
           left join slices using ("column", slice, bin)
    where  bin >= 0 or base > 0 or n > 0
    group  by all
), trends as (
    select "column", list(psi order by position) as trend
    from   (select distinct "column" from bins) cross join range(12) as positions(position)
           left join slice_psi using ("column") 
    where  slice_psi.slice = position
    group  by all
), ends as (
    select s."column", s.bin, t.step_at, coalesce(steps.n, 0) as n
    from   (select distinct "column", bin from steps) as s join (select distinct "column", step_at from steps) as t using ("column")
           left join steps using ("column", bin, step_at)
), sums as (
    select "column", step_at, bin, sum(n) over later as after_n, sum(n) over (partition by "column", bin) as total_n
    from   ends window later as (partition by "column", bin order by step_at rows between current row and unbounded following)
), gains as (
    select "column", step_at, count(*) as bins,
           entropy_sum(after_n) + entropy_sum(total_n - after_n) - entropy_sum(total_n) as gain
    from   sums
    group  by all
    having sum(total_n - after_n) > 0
), changes as (
    select "column", arg_max(step_at, gain) as since_at, max(gain) as gain, max(bins) as bins from gains group by all
)
select m."column", m.kind, m.verdict, m.psi, m.psi_critical, m.ks_low, m.ks_high, m.js_distance,
       m.null_pct, m.baseline_null_pct, coalesce(u.unseen, '') as unseen,
       case when m.verdict = 'drifted' and 2 * c.gain > psi_critical_fixed(1, c.bins, $alpha) then c.since_at end as since_at,
       t.trend, m.live_n::bigint as rows
from   measures as m
       left join unseen_categories($model, $version, $since, $until) as u using ("column")
       left join trends as t using ("column")
       left join changes as c using ("column")
order  by m.verdict = 'drifted' desc, m.psi desc nulls last, m."column"
