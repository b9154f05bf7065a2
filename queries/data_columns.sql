-- Which columns hold what they should not: nothing, no number, or what the baseline never had?
with shares as (
    select "column", kind, sum(live) as rows,
           pct(coalesce(sum(live) filter (bin = -1), 0), sum(live))           as null_pct,
           pct(coalesce(sum(base) filter (bin = -1), 0), sum(base))           as baseline_null_pct,
           pct(coalesce(sum(live) filter (bin = -2), 0), sum(live))           as nan_pct,
           pct(coalesce(sum(live) filter (bin in (-3, -4)), 0), sum(live))    as inf_pct,
           pct(coalesce(sum(live) filter (bin = -5), 0), sum(live))           as empty_pct,
           pct(coalesce(sum(live) filter (bin = -6), 0), sum(live))           as unseen_pct,
           pct(coalesce(sum(live) filter (bin = 0 or bin = top), 0), sum(live)) as outside_pct,
           pct(coalesce(sum(live) filter (bin between -6 and -1), 0), sum(live)) as invalid_pct,
           pct(coalesce(sum(base) filter (bin between -6 and -1), 0), sum(base)) as baseline_invalid_pct
    from   compared_bins($model, $version, $since, $until, $baseline)
           left join (select "column", bin as top from bins where mass = 'above') using ("column")
    group  by all
)
select "column", kind,
       case when rows = 0                                        then 'cannot tell'
            when invalid_pct > $accepted_pct + baseline_invalid_pct then 'not accepted'
            else 'accepted' end as verdict,
       invalid_pct, baseline_invalid_pct, $accepted_pct::double as accepted_pct,
       null_pct, baseline_null_pct, nan_pct, inf_pct, empty_pct, unseen_pct, outside_pct, rows::bigint as rows
from   shares
order  by verdict = 'not accepted' desc, invalid_pct desc nulls last, "column"
