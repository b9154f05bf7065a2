-- Two versions beside each other, a and b: what `version_diff` shows and `version_decision` sums up.

-- Since when both serve, from where in the window they can be compared, and what a bet that begins there may stake.
create macro beside_span(for_model, va, vb, a, b, step) as table
    with firsts as (
        select version, min(first_at) as first_at from requests
        where  model = for_model and version in (va, vb) and bucket_start < b group by version
    ), pair as (
        select stepped(step, max(first_at)) as started_at, greatest(stepped(step, max(first_at)), stepped(step, a)) as from_at
        from   firsts having count(*) = 2
    )
    select from_at, (epoch(from_at) - epoch(started_at)) / epoch(step) as first_slice, stake(first_slice) as budget from pair;

-- Since both have served: how often each went wrong in each way, and the bet that b does so more often than a. It may be
-- looked at on every refresh and while the split moves (statistics: S4, tilted, restarted). Counts are of rows.
create macro compared_rates(for_model, va, vb, a, b, step) as table
    with pair as (from beside_span(for_model, va, vb, a, b, step)),
    counted as (
        select version, stepped(step, bucket_start) as slice_at, outcome, sum(n) / mean_weight() as n
        from   requests
        where  model = for_model and version in (va, vb) and bucket_start >= a and bucket_start < b
        group  by all
    ), kinds(place, kind, outcomes) as (
        values (1, 'failed', ['error', 'timeout', 'fallback']), (2, 'error', ['error']), (3, 'timeout', ['timeout']),
               (4, 'fallback', ['fallback']), (5, 'rejected', ['rejected'])
    ), slices as (
        select place, kind, slice_at,
               coalesce(sum(n) filter (version = va), 0)::double as a_n, coalesce(sum(n) filter (version = vb), 0)::double as b_n,
               coalesce(sum(n) filter (version = va and list_contains(outcomes, outcome)), 0)::double as a_k,
               coalesce(sum(n) filter (version = vb and list_contains(outcomes, outcome)), 0)::double as b_k
        from   counted cross join kinds
        group  by all
    ), beside as (
        select slices.* from slices cross join pair where slice_at >= from_at
    ), tested as (
        select kind, restarted_p(list(a_k order by slice_at), list(b_k order by slice_at), list(b_n / nullif(a_n + b_n, 0) order by slice_at),
                                 any_value(first_slice)) as p, any_value(budget) as budget,
               sum(a_n) as beside_a_n, sum(a_k) as beside_a_k, sum(b_n) as beside_b_n
        from   beside cross join pair group by kind
    ), sums as (
        select place, kind, sum(a_n) as a_n, sum(a_k) as a_k, sum(b_n) as b_n, sum(b_k) as b_k from slices group by all
    )
    select sums.*, a_k / nullif(a_n, 0) as a_rate, b_k / nullif(b_n, 0) as b_rate, p,
           smallest_ratio(beside_a_k, beside_a_n, beside_b_n, -ln(failing_alpha() * budget)) as ratio_seen,
           100 * (rate_low(b_k, b_n, 0.025, 1000) - rate_high(a_k, a_n, 0.025, 1000)) as low,
           100 * (rate_high(b_k, b_n, 0.025, 1000) - rate_low(a_k, a_n, 0.025, 1000)) as high
    from   sums left join tested using (kind);

-- Latency quantiles of successful answers, with the ranks that bound them at every look since both serve (statistics: S6).
create macro compared_latencies(for_model, va, vb, a, b, step) as table
    with pair as (from beside_span(for_model, va, vb, a, b, step)),
    counts as (
        select version, bucket, sum(n) / mean_weight() as n,
               coalesce(sum(n) filter (bucket_start >= (select from_at from pair)), 0) / mean_weight() as beside_n
        from   latencies
        where  model = for_model and ok and version in (va, vb) and bucket_start >= a and bucket_start < b
        group  by all
    ), ranked as (
        select version, bucket, sum(n) over so_far as up_to, sum(n) over its as total,
               sum(beside_n) over so_far as beside_up_to, sum(beside_n) over its as beside_total
        from   counts window its as (partition by version), so_far as (partition by version order by bucket)
    ), wanted(place, measure, q) as (
        values (6, 'p50_ms', 0.50), (7, 'p95_ms', 0.95), (8, 'p99_ms', 0.99)
    ), ranks as (
        select version, place, measure, q,
               rank_low(beside_total, q, slower_alpha() / 2 * (select budget from pair), 1000)  as low_rank,
               rank_high(beside_total, q, slower_alpha() / 2 * (select budget from pair), 1000) as high_rank
        from   (select distinct version, beside_total from ranked) cross join wanted
    ), bounds as (
        select version, place, measure, min(beside_total)                as beside_total,
               bucket_ms(min(bucket) filter (up_to >= q * total))        as at_ms,
               bucket_ms(min(bucket) filter (beside_up_to >= low_rank))  as low_ms,
               bucket_ms(min(bucket) filter (beside_up_to >= high_rank)) as high_ms
        from   ranks join ranked using (version)
        group  by version, place, measure
    )
    select place, measure,
           max(at_ms)   filter (version = va) as a,     max(at_ms)  filter (version = vb) as b,
           max(low_ms)  filter (version = va) as a_low, max(high_ms) filter (version = va) as a_high,
           max(low_ms)  filter (version = vb) as b_low, max(high_ms) filter (version = vb) as b_high,
           coalesce(min(beside_total), 0) >= 50 and count(distinct version) = 2 as enough
    from   bounds
    group  by place, measure;

-- How often, how slowly, and with which answers: each with its verdict, the difference with its interval, and the smallest
-- that would have shown. A distribution is called worse where it has moved further than noise and further than the limit.
create macro compared_versions(for_model, va, vb, a, b, step, psi_limit, alpha) as table
    with score as (
        select "column", bin, sum(n) filter (version = va) / mean_weight() as a_n, sum(n) filter (version = vb) / mean_weight() as b_n from "values"
        where  model = for_model and "column" in ('score', 'prediction') and bucket_start >= a and bucket_start < b and version in (va, vb)
        group  by all
    ), shifts as (
        select "column", psi(list(coalesce(a_n, 0) order by bin), list(coalesce(b_n, 0) order by bin)) as psi,
               psi_noise(list(coalesce(a_n, 0) order by bin), list(coalesce(b_n, 0) order by bin), alpha) as psi_critical
        from   score group by "column"
    )
    select place, kind || '_pct' as measure, '%' as unit, 100 * a_rate as a, 100 * b_rate as b, low, high,
           100 * ((a_k + 0.5) / (a_n + 1) * ratio_seen - a_rate) as detectable,
           case when coalesce(least(a_n, b_n), 0) < 50 or p is null then 'cannot tell'
                when p <= failing_alpha() and b_rate > a_rate then 'worse' else 'not shown worse' end as verdict
    from   compared_rates(for_model, va, vb, a, b, step)
    union all
    select place, measure, 'ms', l.a, l.b, b_low - a_high, b_high - a_low, (a_high - l.a) + (l.b - b_low),
           case when not enough or b_low is null or a_high is null then 'cannot tell'
                when b_low > a_high then 'worse' else 'not shown worse' end
    from   compared_latencies(for_model, va, vb, a, b, step) as l
    union all
    select 9, "column" || '_psi', 'PSI, b against a', null, psi, null, null, greatest(psi_critical, psi_limit),
           case when psi_critical is null then 'cannot tell' when psi > psi_critical and psi >= psi_limit then 'worse' else 'not shown worse' end
    from   shifts;

-- The two versions that are meant: those named, else the live one, and the canary beside it.
create macro compared_pair(for_model, va, vb, a, b) as table
    with served as (select version, role, last_at from version_counts(for_model, a, b)),
    a_side as (
        select coalesce(va, (select version from served order by role = 'live' desc, last_at desc limit 1)) as a_version
    )
    select a_side.a_version,
           coalesce(vb, (select version from served where version <> a_side.a_version
                         order by role = 'canary' desc, role = 'live' desc, last_at desc limit 1)) as b_version
    from   a_side;
