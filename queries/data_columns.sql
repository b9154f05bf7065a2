-- Which columns hold what they should not: nothing, no number, what the baseline never had, what is outside the declared range?
with counts as (
    select "column", kind, sum(live) as rows, sum(base) as base_rows,
           coalesce(sum(live) filter (bin = -1), 0)                  as nulls,
           coalesce(sum(base) filter (bin = -1), 0)                  as base_nulls,
           coalesce(sum(live) filter (bin between -6 and -1), 0)     as invalid,
           coalesce(sum(base) filter (bin between -6 and -1), 0)     as base_invalid,
           coalesce(sum(live) filter (bin = -2), 0)                  as nans,
           coalesce(sum(live) filter (bin in (-3, -4)), 0)           as infs,
           coalesce(sum(live) filter (bin = -5), 0)                  as empties,
           coalesce(sum(live) filter (bin = -6), 0)                  as unseen,
           coalesce(sum(live) filter (bin = 0 or bin = top), 0)      as beyond,
           coalesce(sum(base) filter (bin = 0 or bin = top), 0)      as base_beyond,
           min(low)                                                  as base_low,
           any_value(base_high)                                      as base_high
    from   compared_bins($model, $version, $since, $until, $baseline)
           left join (select "column", bin as top, bin_low as base_high from bins where mass = 'above') using ("column")
    group  by "column", kind
), broken as (
    select "column", sum(n) / mean_weight() as n
    from   violations
    where  model = $model and role <> 'shadow' and is_live(version, $version, $baseline)
           and bucket_start >= $since and bucket_start < $until
    group  by "column"
), judged as (
    select c.*, r.null_pct as declared_null_pct,
           coalesce(r.low, r.high) is not null or r.allowed is not null as is_declared,
           case when is_declared then coalesce(b.n, 0) else beyond end as outside,
           case when is_declared then 0 else pct(base_beyond, base_rows) end as base_outside_pct,
           case when r.allowed is not null then r.allowed || ', declared'
                when r.low is not null and r.high is not null then printf('%g to %g, declared', r.low, r.high)
                when r.low is not null  then printf('from %g, declared', r.low)
                when r.high is not null then printf('to %g, declared', r.high)
                when kind = 'numeric'   then printf('%g to %g, baseline', base_low, base_high)
                else 'as in the baseline' end as range,
           coalesce(r.null_pct, $accepted_pct + pct(base_nulls, base_rows)) as null_limit_pct,
           $accepted_pct + pct(base_invalid - base_nulls, base_rows)        as fault_limit_pct,
           $accepted_pct + coalesce(base_outside_pct, 0)                    as outside_limit_pct
    from   counts as c left join broken as b using ("column") left join ranges as r using ("column")
)
-- a rate is above its limit where its lower bound is: a few rows are no evidence
select "column", kind,
       case when rows = 0 then 'cannot tell'
            when surely_pct(nulls, rows) > null_limit_pct or surely_pct(invalid - nulls, rows) > fault_limit_pct
                 or surely_pct(outside, rows) > outside_limit_pct then 'not accepted'
            when pct(nulls, rows) > null_limit_pct or pct(invalid - nulls, rows) > fault_limit_pct
                 or pct(outside, rows) > outside_limit_pct then 'cannot tell'
            else 'accepted' end as verdict,
       pct(invalid, rows) as invalid_pct, pct(base_invalid, base_rows) as baseline_invalid_pct, $accepted_pct::double as accepted_pct,
       pct(nulls, rows) as null_pct, pct(base_nulls, base_rows) as baseline_null_pct,
       pct(nans, rows) as nan_pct, pct(infs, rows) as inf_pct, pct(empties, rows) as empty_pct, pct(unseen, rows) as unseen_pct,
       pct(outside, rows) as outside_pct, rows::bigint as rows, range, declared_null_pct
from   judged
order  by verdict = 'not accepted' desc, greatest(invalid_pct, outside_pct) desc nulls last, "column"
