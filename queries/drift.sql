-- Which columns have moved away from the baseline, how far, and since when?
with measures as (
    select * from drift_measures($model, $version, $since, $until, $baseline, $psi_limit, $alpha)
), slices as (
    select "column", bin, sum(n) as n,
           12 * (epoch_us(bucket_start) - epoch_us($since)) // (epoch_us($until) - epoch_us($since)) as slice
    from   "values"
    where  model = $model and role <> 'shadow' and is_live(version, $version, $baseline)
           and bucket_start >= $since and bucket_start < $until
    group  by all
), slice_psi as (
    select "column", slice, psi(list(base order by bin), list(coalesce(n, 0) order by bin)) as psi
    from   (select distinct slice from slices)
           cross join compared_bins($model, $version, $since, $until, $baseline)
           left join slices using ("column", slice, bin)
    group  by all
), trends as (
    select "column", list(psi order by slice) as trend from slice_psi group by "column"
), dated as (
    select m.*, t.trend, coalesce(u.unseen, '') as unseen, coalesce(u.vanished, '') as vanished,
           u.unseen_since_at, u.vanished_since_at,
           case when m.verdict = 'drifted' then c.since_at end as since_at
    from   measures as m
           left join unseen_categories($model, $version, $since, $until, $baseline) as u using ("column")
           left join trends as t using ("column")
           left join drift_since($model, $version, $since, $until, $baseline, $step, $psi_limit, $alpha) as c using ("column")
), changed as (
    select "column", linf(list(base order by category), list(live order by category)) as linf,
           list(category order by category)[linf_position(list(base order by category), list(live order by category))] as linf_category,
           chi2_p(list(base order by category), list(live order by category)) as chi2_p
    from   compared_categories($model, $version, $since, $until, $baseline)
    group  by "column"
)
select "column", kind, verdict, psi, psi_critical, ks_low, ks_high, js_distance,
       null_pct, baseline_null_pct, unseen, since_at, trend, live_n::bigint as rows,
       severity,
       case when verdict = 'drifted' then rank() over (partition by verdict = 'drifted' order by since_at nulls first) end as moved,
       smallest_psi_seen, false_discovery,
       case when kind = 'numeric' then wasserstein(edges, base_axis, live_axis) end as wasserstein,
       linf, linf_category, chi2_p, vanished, unseen_since_at, vanished_since_at, note, psi_yesterday
from   dated left join changed using ("column")
order  by verdict = 'drifted' desc, psi desc nulls last, "column"
