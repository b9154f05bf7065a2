-- What the questions about drift share: what is compared with what, how far it moved, how far noise alone would move it.

-- the baseline's span and version: training has no span, its counts are those of the bins
create macro baseline_since(a, b, against) as
    case when against = 'previous window'      then a - (b - a)
         when against = 'same hour yesterday'  then a - interval 1 day
         when against = 'same hour last week'  then a - interval 7 day
         when starts_with(against, 'version ') then a end;
create macro baseline_until(a, b, against) as baseline_since(a, b, against) + (b - a);
create macro baseline_version(for_version, against) as
    case when starts_with(against, 'version ') then substr(against, 9) else for_version end;

-- Beside another version, a version is meant that is picked, else all others.
create macro is_live(version, for_version, against) as
    case when for_version is not null then version = for_version
         when starts_with(against, 'version ') then version <> substr(against, 9) else true end;

-- the counts that a span is compared with, by column and bin
create macro baseline_counts(for_model, for_version, a, b, against) as table
    select "column", bin, sum(n)::double as n from bins where against = 'training' group by all
    union all
    select "column", bin, sum(n) / mean_weight() as n from "values"
    where  model = for_model and role <> 'shadow'
           and (baseline_version(for_version, against) is null or version = baseline_version(for_version, against))
           and bucket_start >= baseline_since(a, b, against) and bucket_start < baseline_until(a, b, against)
    group  by all;

create macro live_counts(for_model, for_version, a, b, against) as table
    select "column", bin, sum(n) / mean_weight() as n
    from   "values"
    where  model = for_model and role <> 'shadow' and is_live(version, for_version, against)
           and bucket_start >= a and bucket_start < b
    group  by all;

-- both sides over the same bins; a mass (NULL, NaN, unseen, …) takes part where either side has it
create macro compared_bins(for_model, for_version, a, b, against) as table
    with shape as (select distinct "column", kind, bin, coalesce(bin_low = bin_high, false)::double as alone,
                          coalesce(bin_low, bin_high) as low from bins)
    select shape."column", shape.kind, shape.bin, shape.alone, shape.low,
           coalesce(base.n, 0)::double as base, coalesce(live.n, 0)::double as live
    from   shape
           left join baseline_counts(for_model, for_version, a, b, against) as base using ("column", bin)
           left join live_counts(for_model, for_version, a, b, against)     as live using ("column", bin)
    where  base.n > 0 or live.n > 0 or (shape.kind = 'numeric' and shape.bin >= 0);

-- both sides by the category's name, with those that the training data never had
create macro compared_categories(for_model, for_version, a, b, against) as table
    with named as (
        select distinct "column", bin, category from bins where kind = 'categorical' and mass = 'bin'
    ), counted as (
        select "column", bin, category, is_live(version, for_version, against) and bucket_start >= a and bucket_start < b as is_live,
               (baseline_version(for_version, against) is null or version = baseline_version(for_version, against))
                   and bucket_start >= baseline_since(a, b, against) and bucket_start < baseline_until(a, b, against) as is_base,
               bucket_start, n / mean_weight() as n
        from   "values"
        where  model = for_model and role <> 'shadow' and (bin > 0 or bin = -6)
               and "column" in (select "column" from named)
    ), summed as (
        select counted."column", coalesce(counted.category, named.category) as category,
               coalesce(sum(n) filter (is_live), 0) as live, coalesce(sum(n) filter (is_base), 0) as base,
               min(bucket_start) filter (is_live)   as first_live_at,
               min(bucket_start)                    as first_seen_at,
               max(bucket_start) filter (bucket_start < b) as last_at
        from   counted left join named using ("column", bin)
        group  by all
    ), training as (
        select "column", category, sum(n) as n from bins
        where  against = 'training' and kind = 'categorical' and mass = 'bin'
        group  by all
    )
    select coalesce(s."column", t."column") as "column", coalesce(s.category, t.category) as category,
           coalesce(s.live, 0)::double as live, (coalesce(s.base, 0) + coalesce(t.n, 0))::double as base,
           -- what was there from the first moment that is looked at may have been there for longer: no one knows since when
           case when against <> 'training' then s.first_live_at
                when s.first_seen_at > (select min(bucket_start) from counted) then s.first_seen_at end as first_at, s.last_at
    from   summed as s full join training as t using ("column", category)
    where  s.live > 0 or s.base > 0 or t.n > 0;

-- Categories on one side only. Were they as frequent on both, all of a category's c rows would be live with chance
-- (M/(N+M))^c; `surprise` is its logarithm, corrected for the number of categories.
create macro one_sided_categories(for_model, for_version, a, b, against) as table
    with totals as (
        select "column", sum(base) as base_n, sum(live) as live_n
        from   compared_bins(for_model, for_version, a, b, against) group by all
    )
    select c."column", c.category, c.live > 0 as is_new, greatest(c.live / t.live_n, c.base / t.base_n) as share,
           case when c.live > 0 then c.live * ln(t.live_n / (t.base_n + t.live_n))
                else c.base * ln(t.base_n / (t.base_n + t.live_n)) end
               + ln(count(*) over (partition by c."column")) as surprise,
           c.first_at, c.last_at
    from   compared_categories(for_model, for_version, a, b, against) as c join totals as t using ("column")
    where  t.live_n > 0 and t.base_n > 0
    qualify (c.live = 0) <> (c.base = 0);

-- The categories that the baseline never had, most frequent first, and those of the baseline that stay away.
create macro unseen_categories(for_model, for_version, a, b, against) as table
    with ranked as (
        select *, row_number() over (partition by "column", is_new order by share desc, category) as place
        from   one_sided_categories(for_model, for_version, a, b, against)
        where  is_new or surprise <= ln(0.001)
    )
    select "column",
           string_agg(category || ' ' || said_pct(100 * share), ', ' order by place) filter (is_new)     as unseen,
           list(category order by place) filter (is_new)                                                 as categories,
           min(first_at) filter (is_new)                                                                 as unseen_since_at,
           string_agg(category || ' (was ' || said_pct(100 * share) || ')', ', ' order by place)
               filter (not is_new)                                                                       as vanished,
           max(last_at) filter (not is_new)                                                              as vanished_since_at
    from   ranked
    where  place <= 3
    group  by "column";

-- Drift: a PSI of at least psi_limit, and more than noise alone gives; alpha is the false discovery rate across the
-- columns in one look (Benjamini and Hochberg), so psi_critical is each column's limit after that correction. Or: a
-- category of at least new_category_pct is on one side only, which the same alpha calls no accident.
-- Against the training data a column may only keep its daily rhythm: the window is not shown to differ from the same hours
-- yesterday, which were not like the training data either, and the last whole day is like it. What the training data never
-- had is no rhythm; neither is what lasts for a day.
create macro drift_measures(for_model, for_version, a, b, against, psi_limit, alpha) as table
    with compared as (
        from compared_bins(for_model, for_version, a, b, against)
    ), listed as (
        select "column", kind, sum(base) as base_n, sum(live) as live_n,
               list(base order by bin) as base, list(live order by bin) as live,
               list(base order by bin) filter (bin >= 0) as base_axis,
               list(live order by bin) filter (bin >= 0) as live_axis,
               list(alone order by bin) filter (bin >= 0) as alone,
               list(low order by bin) filter (bin >= 0)  as edges,
               coalesce(sum(base) filter (bin = -1), 0)  as base_null,
               coalesce(sum(live) filter (bin = -1), 0)  as live_null,
               coalesce(sum(live) filter (bin = -6), 0)  as live_unseen
        from   compared
        group  by all
    ), tested as (
        select *, psi(base, live) as psi, psi_p(base, live) as psi_p from listed
    ), corrected as (
        select unnest(list("column" order by "column"))                  as "column",
               unnest(false_discovery(list(psi_p order by "column")))    as false_discovery,
               count(psi_p)                                              as columns
        from   tested
    ), level as (
        select alpha * greatest(1, count(*) filter (false_discovery <= alpha)) / greatest(1, any_value(columns)) as alpha_here,
               ln(alpha / greatest(1, any_value(columns)))                                                     as ln_alpha
        from   corrected
    ), one_sided as (
        select "column", max(share) as share, bool_or(is_new) as any_new
        from   one_sided_categories(for_model, for_version, a, b, against), level
        where  share >= limit_of('new_category_pct', 1.0) / 100 and surprise <= ln_alpha
        group  by all
    ), measured as (
        select t.*, c.false_discovery, one_sided.share as one_sided_share, coalesce(any_new, false) as any_new,
               psi_noise(base, live, alpha_here)            as psi_critical,
               case when kind = 'numeric' then ks_low(base_axis, live_axis)         end as ks_low,
               case when kind = 'numeric' then ks_high(base_axis, live_axis, alone) end as ks_high,
               js_distance(base, live)                      as js_distance,
               pct(live_null, live_n)                       as null_pct,
               pct(base_null, base_n)                       as baseline_null_pct,
               coalesce((psi >= psi_limit and psi > psi_critical) or one_sided_share is not null, false) as has_moved
        from   tested as t left join corrected as c using ("column") cross join level left join one_sided using ("column")
    ), suspects as (
        select "column", bin, base, live from compared
        where  against = 'training' and "column" in (select "column" from measured where has_moved and not any_new)
    ), past as (
        select "column", bin, sum(n) filter (bucket_start <  b - interval 1 day) / mean_weight() as before_n,
                              sum(n) filter (bucket_start >= b - interval 1 day) / mean_weight() as day_n
        from   "values"
        where  model = for_model and role <> 'shadow' and "column" in (select "column" from suspects)
               and bucket_start >= a - interval 1 day and bucket_start < b and b - a < interval 1 day
        group  by all
    ), beside_past as (
        select "column", list(coalesce(base, 0) order by bin) as base, list(coalesce(live, 0) order by bin) as live,
               sum(before_n) as before_total, list(coalesce(before_n, 0)::double order by bin) as before_n,
               list(coalesce(day_n, 0)::double order by bin) as day_n
        from   past full join suspects using ("column", bin)
        group  by "column"
    ), daily as (
        select beside_past.*, psi(before_n, live) as psi_yesterday, psi_noise(before_n, live, alpha_here) as noise_yesterday,
               psi(base, day_n) as psi_day, psi_noise(base, day_n, alpha_here) as noise_day
        from   beside_past cross join level
        where  before_total >= 25 and psi(base, before_n) >= psi_limit / 4
    ), in_rhythm as (
        select "column", psi_yesterday, smallest_psi(before_n, live, greatest(psi_limit, noise_yesterday)) as smallest_psi_seen
        from   daily
        where  (psi_yesterday < psi_limit or psi_yesterday <= noise_yesterday) and (psi_day < psi_limit or psi_day <= noise_day)
    ), judged as (
        select m.* exclude (has_moved), has_moved and r."column" is null as has_moved, r."column" is not null as keeps_rhythm, psi_yesterday,
               coalesce(r.smallest_psi_seen, smallest_psi(base, live, greatest(psi_limit, psi_critical))) as smallest_psi_seen
        from   measured as m left join in_rhythm as r using ("column")
    )
    select *,
           case when coalesce(live_n, 0) < 50 or coalesce(base_n, 0) < 50 then 'cannot tell'
                when has_moved                                            then 'drifted'
                when keeps_rhythm                                         then 'inside noise'
                when psi is null or coalesce(psi_critical, 0) >= psi_limit then 'cannot tell'
                else 'inside noise' end as verdict,
           case when verdict = 'cannot tell'                                 then null
                when verdict = 'drifted' and (psi >= limit_of('psi_large', 2.5 * psi_limit) or one_sided_share >= 0.1) then 'large'
                when verdict = 'drifted'                                     then 'moderate'
                when psi > psi_critical and not keeps_rhythm                 then 'small'
                else 'none' end as severity,
           case when keeps_rhythm and verdict = 'inside noise' then 'as yesterday at this time' end as note
    from   judged;

-- Since when the columns that have drifted did: the most likely single change of each one's distribution, in steps, and away
-- from the baseline: a recovery is no beginning. A column that moved before the span began has none.
create macro drift_since(for_model, for_version, a, b, against, step, psi_limit, alpha) as table
    with drifted as (
        select "column" from drift_measures(for_model, for_version, a, b, against, psi_limit, alpha) where verdict = 'drifted'
    ), shape as (
        select "column", bin, base from compared_bins(for_model, for_version, a, b, against)
    ), steps as (
        select stepped(greatest(step, interval 1 minute), bucket_start) as step_at, "column", bin, sum(n) / mean_weight() as n
        from   "values"
        where  model = for_model and role <> 'shadow' and is_live(version, for_version, against)
               and bucket_start >= a and bucket_start < b and "column" in (select "column" from drifted)
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
    select c."column", c.since_at
    from   changes as c join sums on sums."column" = c."column" and sums.step_at = c.since_at
           join shape on shape."column" = c."column" and shape.bin = sums.bin
    where  2 * c.gain > psi_critical_fixed(1, c.bins, alpha)
    group  by all
    having psi(list(shape.base order by shape.bin), list(after_n order by shape.bin))
         > psi(list(shape.base order by shape.bin), list(total_n - after_n order by shape.bin));
