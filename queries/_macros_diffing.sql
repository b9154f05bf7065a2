-- What else tells two versions apart: how much traffic, which errors, whole distributions, shadow pairs, labels.

-- Is traffic split as it was asked for, since the last change of the routing? A larger prior, for a split is to be exact (S4).
create macro compared_traffic(for_model, va, vb, a, b) as table
    with asked as (
        -- a version that the routing does not name is asked for nothing
        select case when count(*) > 0 then coalesce(sum(weight_pct) filter (version = va), 0) end as a_pct,
               case when count(*) > 0 then coalesce(sum(weight_pct) filter (version = vb), 0) end as b_pct, max(since_at) as since_at
        from   routes where model = for_model and role <> 'shadow'
    ), served as (
        select coalesce(sum(n) filter (version = va), 0)::double as a_n, coalesce(sum(n) filter (version = vb), 0)::double as b_n,
               coalesce(sum(n) filter (version = va and is_split), 0) / mean_weight() as a_split,
               coalesce(sum(n) filter (version = vb and is_split), 0) / mean_weight() as b_split
        from  (select requests.*, role <> 'shadow' and bucket_start >= coalesce(since_at, a) as is_split from requests cross join asked)
        where  model = for_model and version in (va, vb) and bucket_start >= a and bucket_start < b
    ), together as (
        select *, a_split + b_split as n, pct(b_pct, a_pct + b_pct) as asked_pct from served cross join asked
    )
    select 0 as place, 'requests' as measure, 'count' as unit, a_n as a, b_n as b, null::double as low, null::double as high,
           50::double as detectable, case when least(a_n, b_n) < 50 then 'cannot tell' else 'not shown worse' end as verdict
    from   together
    union all
    select 0.4, 'asked_pct', '%', 100 - asked_pct, asked_pct, null, null, null, case when n < 100 then 'cannot tell' else 'not shown worse' end
    from   together where asked_pct is not null
    union all
    select 0.5, 'share_pct', '% beside what was asked', pct(a_split, n), pct(b_split, n), 100 * rate_low(b_split, n, 0.05, 1000) - asked_pct,
           100 * rate_high(b_split, n, 0.05, 1000) - asked_pct,
           50 * (rate_high(b_split, n, 0.05, 1000) - rate_low(b_split, n, 0.05, 1000)),
           case when asked_pct is null or n < 100 then 'cannot tell'
                when least(a_pct, b_pct) = 0 then case when (a_pct = 0 and a_split >= 3) or (b_pct = 0 and b_split >= 3) then 'worse'
                                                       else 'not shown worse' end
                when log_e_value([a_split, b_split], [a_pct, b_pct], 10000.0) >= ln(20) then 'worse' else 'not shown worse' end
    from   together where a_split + b_split > 0;

-- Failures by their kind: the five that b has more often than a. All kinds are tested, so each must pass a stricter limit.
create macro compared_errors(for_model, va, vb, a, b, step) as table
    with pair as (from beside_span(for_model, va, vb, a, b, step)), slices as (
        select stepped(step, bucket_start) as slice_at, sum(n) filter (version = va) / mean_weight() as a_n,
               sum(n) filter (version = vb) / mean_weight() as b_n
        from   requests cross join pair
        where  model = for_model and version in (va, vb) and bucket_start >= from_at and bucket_start < b
        group  by all
    ), failures as (
        select outcome || ': ' || left(error, 60) as kind,
               stepped(step, bucket_start) as slice_at,
               sum(n) filter (version = va) / mean_weight() as a_k, sum(n) filter (version = vb) / mean_weight() as b_k
        from   errors cross join pair
        where  model = for_model and version in (va, vb) and failed(outcome) and error <> outcome and bucket_start >= from_at and bucket_start < b
        group  by all
    ), sums as (
        select kind, coalesce(sum(a_k), 0) as a_k, coalesce(sum(b_k), 0) as b_k, count(*) over () as kinds from failures group by kind
    ), totals as (
        select coalesce(sum(a_n), 0)::double as a_n, coalesce(sum(b_n), 0)::double as b_n from slices
    ), kept as (
        select *, a_k / nullif(a_n, 0) as a_rate, b_k / nullif(b_n, 0) as b_rate from sums cross join totals
        where  b_n > 0 and b_k > 0
        qualify row_number() over (order by b_k / b_n - coalesce(a_k / nullif(a_n, 0), 0) desc, kind) <= 5
    ), tested as (
        select kind, restarted_p(list(coalesce(f.a_k, 0) order by slice_at), list(coalesce(f.b_k, 0) order by slice_at),
                                 list(coalesce(s.b_n, 0) / nullif(coalesce(s.a_n, 0) + coalesce(s.b_n, 0), 0) order by slice_at),
                                 any_value(first_slice)) as p, any_value(budget) as budget
        from   kept cross join slices as s cross join pair left join failures as f using (kind, slice_at)
        group  by kind
    )
    select 5 + row_number() over (order by b_rate - coalesce(a_rate, 0) desc, kind) / 100.0 as place, kind || '_pct' as measure, '%' as unit,
           100 * a_rate as a, 100 * b_rate as b,
           100 * (rate_low(b_k, b_n, 0.025 / kinds, 1000) - rate_high(a_k, a_n, 0.025 / kinds, 1000)) as low,
           100 * (rate_high(b_k, b_n, 0.025 / kinds, 1000) - rate_low(a_k, a_n, 0.025 / kinds, 1000)) as high,
           100 * ((a_k + 0.5) / (a_n + 1) * smallest_ratio(a_k, a_n, b_n, ln(kinds / (failing_alpha() * budget))) - a_rate) as detectable,
           case when least(a_n, b_n) < 50 or p is null then 'cannot tell'
                when p * kinds <= failing_alpha() and b_rate > a_rate then 'worse' else 'not shown worse' end as verdict
    from   kept join tested using (kind);

-- Whole distributions since both have served, in a band that holds at every look (S5): by how many points b's answers are
-- later than a's at the worst moment, and how far the distributions of the score lie apart.
create macro compared_bands(for_model, va, vb, a, b, step) as table
    with pair as (from beside_span(for_model, va, vb, a, b, step)), counts as (
        select 8.5 as place, 'later_pct' as measure, version, bucket, n
        from   latencies cross join pair
        where  model = for_model and ok and version in (va, vb) and bucket_start >= from_at and bucket_start < b
        union all
        select 8.7, 'score_apart_pct', version, bin, n
        from   "values" cross join pair
        where  model = for_model and "column" = 'score' and bin >= 0 and version in (va, vb) and bucket_start >= from_at and bucket_start < b
    ), sides as (
        select place, measure, bucket, coalesce(sum(n) filter (version = va), 0) / mean_weight() as a_n,
               coalesce(sum(n) filter (version = vb), 0) / mean_weight() as b_n
        from   counts group by all
    ), measured as (
        select place, measure, sum(a_n) as a_n, sum(b_n) as b_n,
               case when measure = 'later_pct' then greatest(ks_right(list(a_n order by bucket), list(b_n order by bucket)), 0)
                    else ks_low(list(a_n order by bucket), list(b_n order by bucket)) end as d,
               slower_alpha() * any_value(budget) as alpha,
               band(sum(a_n), slower_alpha() / 2 * any_value(budget)) + band(sum(b_n), slower_alpha() / 2 * any_value(budget)) as radius
        from   sides cross join pair group by place, measure
    )
    select place, measure, '% of answers' as unit, 0::double as a, 100 * d as b, 100 * (d - radius) as low,
           100 * least(d + radius, 1) as high, 100 * radius as detectable,
           case when coalesce(least(a_n, b_n), 0) < 50 or d is null then 'cannot tell'
                when band_p(d, a_n, b_n) <= alpha then 'worse' else 'not shown worse' end as verdict
    from   measured;

-- Of the requests that both answered, one of them as the other's shadow: how many answers differ? Worse: surely more than 1 in 20.
create macro compared_pairs(for_model, va, vb, a, b) as table
    with counted as (
        select sum(pairs.n)::double as n, sum(agree)::double as agree, sum(unanswered)::double as unanswered,
               sum(gap) / nullif(sum(scored), 0) as score_gap
        from   pairs
        where  model = for_model and "column" = '' and ((version = va and shadow = vb) or (version = vb and shadow = va))
               and bucket_start >= a and bucket_start < b
        having sum(pairs.n) > 0
    ), bounded as (
        select *, (n - agree) / mean_weight() as k, n / mean_weight() as rows from counted
    )
    select 10 as place, 'pairs' as measure, 'count' as unit, n as a, n as b, null::double as low, null::double as high,
           50::double as detectable, case when rows < 50 then 'cannot tell' else 'not shown worse' end as verdict
    from   bounded
    union all
    select 10.1, 'differ_pct', '% of pairs', 0, pct(n - agree, n), 100 * rate_low(k, rows, 0.05, 1000), 100 * rate_high(k, rows, 0.05, 1000),
           5 + 50 * (rate_high(k, rows, 0.05, 1000) - rate_low(k, rows, 0.05, 1000)),
           case when rows < 50 then 'cannot tell' when rate_low(k, rows, 0.05, 1000) > 0.05 then 'worse'
                when rate_high(k, rows, 0.05, 1000) <= 0.05 then 'not shown worse' else 'cannot tell' end
    from   bounded;

-- How often was each wrong, of the answers of this window whose labels are in? For classes; amounts are on the Quality screen.
create macro compared_labels(for_model, va, vb, a, b) as table
    with labelled as (
        select version, request, any_value(prediction) as prediction, arg_max(label, coalesce(labelled_at, bucket_start)) as label
        from   answers join labels using (request)
        where  model = for_model and version in (va, vb) and bucket_start >= a and bucket_start < b
        group  by all
    ), counted as (
        select count(*) filter (version = va)::double as a_n, count(*) filter (version = va and prediction is distinct from label)::double as a_k,
               count(*) filter (version = vb)::double as b_n, count(*) filter (version = vb and prediction is distinct from label)::double as b_k
        from   labelled having count(distinct label) <= 20
    ), bounded as (
        select *, 100 * (rate_low(b_k, b_n, 0.025, 1000) - rate_high(a_k, a_n, 0.025, 1000)) as low,
               100 * (rate_high(b_k, b_n, 0.025, 1000) - rate_low(a_k, a_n, 0.025, 1000)) as high
        from   counted where a_n > 0 and b_n > 0
    )
    select 11 as place, 'labels' as measure, 'count' as unit, a_n as a, b_n as b, null::double as low, null::double as high,
           50::double as detectable, case when least(a_n, b_n) < 50 then 'cannot tell' else 'not shown worse' end as verdict
    from   bounded
    union all
    select 11.1, 'wrong_pct', '% of labelled', pct(a_k, a_n), pct(b_k, b_n), low, high, (high - low) / 2,
           case when least(a_n, b_n) < 50 then 'cannot tell' when low > 0 then 'worse' else 'not shown worse' end
    from   bounded;

-- Every measure of the pair, in the order in which one asks.
create macro version_rows(for_model, va, vb, a, b, step, psi_limit, alpha) as table
    from compared_traffic(for_model, va, vb, a, b)
    union all by name from compared_versions(for_model, va, vb, a, b, step, psi_limit, alpha)
    union all by name from compared_errors(for_model, va, vb, a, b, step)
    union all by name from compared_bands(for_model, va, vb, a, b, step)
    union all by name from compared_pairs(for_model, va, vb, a, b)
    union all by name from compared_labels(for_model, va, vb, a, b);
