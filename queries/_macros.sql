-- What several queries share. Each macro is a plain select that could stand in the query itself.

create macro pct(part, whole) as 100.0 * part / nullif(whole, 0);

-- a request that the model failed: the caller got an error, nothing in time, or a stand-in answer
create macro failed(outcome) as outcome in ('error', 'timeout', 'fallback');

create macro bucket_ms(bucket)     as pow(1.02, bucket + 0.5);
create macro bucket_low_ms(bucket) as pow(1.02, bucket);

create macro said_pct(x) as case when x >= 10 then printf('%.0f %%', x) else printf('%.1f %%', x) end;
create macro said_ms(x)  as case when x >= 1000 then printf('%.1f s', x / 1000) else printf('%.0f ms', x) end;
create macro said_at(x)  as strftime(x, '%H:%M');

-- log likelihood of k failures in n requests at their own rate
create macro likelihood(k, n) as
    case when k > 0 then k * ln(k / n) else 0 end + case when n > k then (n - k) * ln((n - k) / n) else 0 end;

-- sum over bins of n ln(n / total): the log likelihood of counts at their own shares
create macro entropy_sum(n) as sum(case when n > 0 then n * ln(n) else 0 end) - case when sum(n) > 0 then sum(n) * ln(sum(n)) else 0 end;

-- each version's requests and failures in a span, with the role that it had last
create macro version_counts(for_model, a, b) as table
    select version,
           arg_max(role, last_at)                              as role,
           sum(n)::bigint                                      as requests,
           coalesce(sum(n) filter (outcome = 'error'), 0)      as errors,
           coalesce(sum(n) filter (outcome = 'timeout'), 0)    as timeouts,
           coalesce(sum(n) filter (outcome = 'fallback'), 0)   as fallbacks,
           coalesce(sum(n) filter (failed(outcome)), 0)        as failures,
           min(first_at)                                       as first_at,
           max(last_at)                                        as last_at
    from   requests
    where  model = for_model and bucket_start >= a and bucket_start < b
    group  by version;

-- latency quantiles of successful answers, by version; within 1 %
create macro version_latencies(for_model, a, b) as table
    with counts as (
        select version, bucket, sum(n) as n
        from   latencies
        where  model = for_model and ok and bucket_start >= a and bucket_start < b
        group  by all
    ), ranked as (
        select version, bucket, n,
               sum(n) over (partition by version order by bucket) as up_to,
               sum(n) over (partition by version)                 as total
        from   counts
    )
    select version,
           bucket_ms(min(bucket) filter (up_to >= 0.50 * total)) as p50_ms,
           bucket_ms(min(bucket) filter (up_to >= 0.95 * total)) as p95_ms,
           bucket_ms(min(bucket) filter (up_to >= 0.99 * total)) as p99_ms
    from   ranked
    group  by version;

-- Which version each one is compared with: a canary with the live one beside it, a live one with itself before.
create macro reference_versions(for_model, a, b) as table
    with counts as (from version_counts(for_model, a, b)),
         live   as (select version from counts where role = 'live' order by last_at desc limit 1)
    select version, case when role = 'live' then version else (select version from live) end as reference,
           role = 'live' as looks_back
    from   counts;

-- Side by side: a bet, slice by slice, that a canary's share of the failures is its share of the requests. It may be
-- looked at on every refresh, under any daily rhythm, and while the split moves (statistics: S4, tilted).
create macro failing_beside(for_model, a, b) as table
    with slices as (
        select version, floor(60 * (epoch(bucket_start) - epoch(a)) / (epoch(b) - epoch(a))) as slice,
               sum(n) as n, coalesce(sum(n) filter (failed(outcome)), 0) as k
        from   requests
        where  model = for_model and bucket_start >= a and bucket_start < b
        group  by all
    )
    select r.version,
           tilted_p(list(other.k order by own.slice), list(own.k order by own.slice),
                    list(own.n / (own.n + other.n) order by own.slice)) as p
    from   reference_versions(for_model, a, b) as r
           join slices as own on own.version = r.version
           join slices as other on other.version = r.reference and other.slice = own.slice
    where  not r.looks_back
    group  by r.version;

-- How far each version's answered latencies lie to the right of its reference's, as a distance between distributions.
create macro slower_than(for_model, a, b) as table
    with counts as (
        select version, bucket,
               coalesce(sum(n) filter (bucket_start >= a), 0) as now_n, coalesce(sum(n) filter (bucket_start < a), 0) as before_n
        from   latencies
        where  model = for_model and ok and bucket_start >= a - (b - a) and bucket_start < b
        group  by all
    ), axis as (
        select r.version, r.reference, r.looks_back, bucket
        from   reference_versions(for_model, a, b) as r cross join (select distinct bucket from counts)
    ), sides as (
        select axis.version, axis.bucket, coalesce(own.now_n, 0) as n,
               coalesce(case when axis.looks_back then own.before_n else other.now_n end, 0) as reference_n
        from   axis left join counts as own on own.version = axis.version and own.bucket = axis.bucket
                    left join counts as other on other.version = axis.reference and other.bucket = axis.bucket
    )
    select version, band_p(greatest(ks_right(list(reference_n order by bucket), list(n order by bucket)), 0),
                           sum(reference_n), sum(n)) as p
    from   sides
    group  by version;

-- Each version beside its reference, with a verdict: worse needs an effect and evidence (1 in 100 false alarms each).
create macro version_health(for_model, a, b) as table
    with now as (
        select c.*, l.p50_ms, l.p95_ms, l.p99_ms, r.reference, r.looks_back
        from   version_counts(for_model, a, b) as c
               join reference_versions(for_model, a, b) as r using (version)
               left join version_latencies(for_model, a, b) as l using (version)
    ), before as (
        select c.*, l.p95_ms
        from   version_counts(for_model, a - (b - a), a) as c
               left join version_latencies(for_model, a - (b - a), a) as l using (version)
    ), paired as (
        select now.*,
               case when now.looks_back then before.requests else beside.requests end as reference_requests,
               case when now.looks_back then before.failures else beside.failures end as reference_failures,
               case when now.looks_back then before.errors   else beside.errors   end as reference_errors,
               case when now.looks_back then before.p95_ms   else beside.p95_ms   end as reference_p95_ms
        from   now left join before on before.version = now.version
                   left join now as beside on beside.version = now.reference and beside.version <> now.version
    ), tested as (
        select paired.*, slow.p as slower_p,
               coalesce(f.p, exp(-log_e_value([reference_failures, failures], [reference_requests, requests], 10.0)))
                   as failing_p
        from   paired left join failing_beside(for_model, a, b) as f using (version)
                      left join slower_than(for_model, a, b) as slow using (version)
    )
    select *,
           failing_p <= 0.01 and failures / requests > reference_failures / reference_requests as fails_more,
           slower_p <= 0.01 and p95_ms > 1.2 * reference_p95_ms                                as is_slower,
           case when requests < 50 or coalesce(reference_requests, 0) < 50 then 'cannot tell'
                when fails_more or is_slower                               then 'worse'
                else 'not shown worse' end as verdict
    from   tested;

-- the counts that a span is compared with, by column and bin
create macro baseline_counts(for_model, for_version, a, b, against) as table
    select "column", bin, sum(n) as n from bins where against = 'training' group by all
    union all
    select "column", bin, sum(n) as n from "values"
    where  model = for_model and role <> 'shadow' and against <> 'training'
           and (for_version is null or version = for_version)
           and bucket_start >= case against when 'previous window' then a - (b - a) else a - interval 1 day end
           and bucket_start <  case against when 'previous window' then a else b - interval 1 day end
    group  by all;

create macro live_counts(for_model, for_version, a, b) as table
    select "column", bin, sum(n) as n
    from   "values"
    where  model = for_model and role <> 'shadow' and (for_version is null or version = for_version)
           and bucket_start >= a and bucket_start < b
    group  by all;

-- both sides over the same bins; a mass (NULL, NaN, unseen, …) takes part where either side has it
create macro compared_bins(for_model, for_version, a, b, against) as table
    with shape as (select distinct "column", kind, bin, coalesce(bin_low = bin_high, false)::double as alone from bins)
    select shape."column", shape.kind, shape.bin, shape.alone, coalesce(base.n, 0)::double as base, coalesce(live.n, 0)::double as live
    from   shape
           left join baseline_counts(for_model, for_version, a, b, against) as base using ("column", bin)
           left join live_counts(for_model, for_version, a, b)              as live using ("column", bin)
    where  base.n > 0 or live.n > 0 or (shape.kind = 'numeric' and shape.bin >= 0);

-- how far each column has moved, how far noise alone would move it in a window of this size, and the verdict
create macro drift_measures(for_model, for_version, a, b, against, psi_limit, alpha) as table
    with listed as (
        select "column", kind, sum(base) as base_n, sum(live) as live_n,
               list(base order by bin) as base, list(live order by bin) as live,
               list(base order by bin) filter (bin >= 0) as base_axis,
               list(live order by bin) filter (bin >= 0) as live_axis,
               list(alone order by bin) filter (bin >= 0) as alone,
               coalesce(sum(base) filter (bin = -1), 0)  as base_null,
               coalesce(sum(live) filter (bin = -1), 0)  as live_null,
               coalesce(sum(live) filter (bin = -6), 0)  as live_unseen
        from   compared_bins(for_model, for_version, a, b, against)
        group  by all
    ), measured as (
        select *, psi(base, live)                           as psi,
               psi_noise(base, live, alpha)                 as psi_critical,
               case when kind = 'numeric' then ks_low(base_axis, live_axis)  end as ks_low,
               case when kind = 'numeric' then ks_high(base_axis, live_axis, alone) end as ks_high,
               js_distance(base, live)                      as js_distance,
               pct(live_null, live_n)                       as null_pct,
               pct(base_null, base_n)                       as baseline_null_pct,
               pct(live_unseen, live_n)                     as unseen_pct
        from   listed
    )
    select *,
           case when coalesce(live_n, 0) = 0 or coalesce(base_n, 0) = 0           then 'cannot tell'
                when psi >= psi_limit and psi > psi_critical                      then 'drifted'
                when kind = 'categorical' and unseen_pct >= 1 and live_unseen > 9 then 'drifted'
                when psi_critical >= psi_limit                                    then 'cannot tell'
                else 'inside noise' end as verdict
    from   measured;

-- the categories that the baseline never had, most frequent first, with their shares
create macro unseen_categories(for_model, for_version, a, b) as table
    with named as (
        select "column", category, sum(n) as n
        from   "values"
        where  model = for_model and role <> 'shadow' and (for_version is null or version = for_version)
               and bin = -6 and category is not null and bucket_start >= a and bucket_start < b
        group  by all
    ), totals as (
        select "column", sum(n) as total from live_counts(for_model, for_version, a, b) group by all
    )
    select "column", string_agg(category || ' ' || said_pct(pct(n, total)), ', ' order by n desc, category) as unseen,
           list(category order by n desc, category) as categories
    from   (select * from named qualify row_number() over (partition by "column" order by n desc) <= 3)
           join totals using ("column")
    group  by "column";

-- since when a version fails more: the most likely single change of its failure rate, in steps
create macro failing_since(for_model, v, a, b, step) as table
    with steps as (
        select time_bucket(step, bucket_start) as step_at, sum(n) as n, coalesce(sum(n) filter (failed(outcome)), 0) as k
        from   requests
        where  model = for_model and version = v and bucket_start >= a and bucket_start < b
        group  by all
    ), sums as (
        select step_at, sum(n) over later as n, sum(k) over later as k, sum(n) over () as total_n, sum(k) over () as total_k
        from   steps window later as (order by step_at rows between current row and unbounded following)
    ), gains as (
        select step_at, n, k, total_n - n as n0, total_k - k as k0,
               likelihood(k, n) + likelihood(total_k - k, total_n - n) - likelihood(total_k, total_n) as gain
        from   sums where total_n > n
    )
    select step_at as since_at from gains where gain > 8 and k / n > k0 / n0 order by gain desc limit 1;
