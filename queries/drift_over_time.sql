-- How far was one column from the baseline, step by step, and how far would noise alone have moved it?
with span as (
    -- each point counts the last twentieth of the window, so that it has rows enough to say something
    select greatest($step * ceil(epoch($until - $since) / 20 / epoch($step))::integer, interval 1 minute) as span
), chosen as (
    select coalesce($column, (select "column" from drift_measures($model, $version, $since, $until, $baseline, $psi_limit, $alpha)
                              order by verdict = 'drifted' desc, psi desc nulls last limit 1)) as "column"
), shape as (
    select distinct bins.kind, bins.bin, coalesce(base.n, 0)::double as base
    from   bins join chosen using ("column")
           left join baseline_counts($model, $version, $since, $until, $baseline) as base using ("column", bin)
), counted as (
    select bucket_start, bin, sum(n) / mean_weight() as n
    from   "values" join chosen using ("column")
    where  model = $model and role <> 'shadow' and is_live(version, $version, $baseline)
           and bucket_start >= stepped($step, $since) - (select span from span) and bucket_start < $until
    group  by all
), live as (
    select s.step_at, counted.bin, sum(n) as n
    from   (select unnest(generate_series(stepped($step, $since), $until - interval 1 second, $step)) as step_at) as s cross join span
           join counted on counted.bucket_start < s.step_at + $step and counted.bucket_start >= s.step_at + $step - span
    group  by all
), sides as (
    select s.step_at, shape.kind, shape.bin, shape.base, coalesce(live.n, 0) as n
    from   (select distinct step_at from live) as s cross join shape left join live using (step_at, bin)
    where  shape.bin >= 0 or shape.base > 0 or live.n > 0
), listed as (
    select step_at, any_value(kind) as kind, list(base order by bin) as base, list(n order by bin) as live, sum(n) as rows,
           list(base order by bin) filter (bin >= 0) as base_axis, list(n order by bin) filter (bin >= 0) as live_axis
    from   sides
    group  by step_at
)
select step_at, psi(base, live) as psi, psi_noise(base, live, $alpha) as noise, js_distance(base, live) as js_distance,
       case when kind = 'numeric' then ks_low(base_axis, live_axis) end as ks_low, rows::bigint as rows,
       (select "column" from chosen) as "column"
from   listed
order  by step_at
