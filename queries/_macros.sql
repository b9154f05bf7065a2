-- What several queries share. Each macro is a plain select that could stand in the query itself.

create macro pct(part, whole) as 100.0 * part / nullif(whole, 0);

-- the step that a moment is in: what time_bucket() says, which reckons with time zones and so takes forty times as long
create macro stepped(step, moment) as make_timestamptz(
    epoch_us(moment)
    - (((epoch_us(moment) - 946857600000000) % epoch_us(step)) + epoch_us(step)) % epoch_us(step)
);

-- a request that the model failed: the caller got an error, nothing in time, or a stand-in answer
create macro failed(outcome) as outcome in ('error', 'timeout', 'fallback');

-- the rate that k of n rows surely exceed, by three standard errors (Wilson): a few rows are no evidence
create macro surely_pct(k, n) as
    100 * greatest(0, (k / n + 4.5 / n - 3 * sqrt(k / n * (1 - k / n) / n + 2.25 / n / n)) / (1 + 9.0 / n));

-- whether the log cannot tell this; then nothing is said of it, and never 0
create macro lacks(what) as coalesce((select bool_or(not given) from capabilities where "column" = what), false);

-- a limit of the configuration that is no parameter, or what holds where it says nothing
create macro limit_of(wanted, otherwise) as coalesce((select any_value(value) from limits where name = wanted), otherwise);

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

-- How many requests a row of the log stands for, where it is a sample (1 where it is not). Counts on screen are of requests;
-- what is certain depends on rows, so every test divides by this.
create macro mean_weight() as (
    select greatest(1.0, coalesce(any_value(counted / nullif(logged, 0)), 1.0)) from log_totals
);

-- rows of the span whose file was written more than an hour after its last row; a file that is newer than the clock was
-- copied, or the clock stands in the past: when its rows came is not known
create macro late_rows(a, b, clock) as (
    select coalesce(sum(rows) filter (mtime_ns / 1e9 - epoch(last_at) > 3600 and mtime_ns / 1e9 <= epoch(clock)), 0)::bigint
    from   files
    where  state = 'read' and last_at >= a and first_at < b
);

-- each version's requests and failures in a span, with the role that it had last; apart for the rows since `middle_at`
create macro version_sides(for_model, a, middle_at, b) as table
    select version, bucket_start >= middle_at                  as is_now,
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
    group  by version, is_now;

create macro version_counts(for_model, a, b) as table
    select * exclude (is_now) from version_sides(for_model, a, a, b);

-- latency quantiles of successful answers, by version, apart for the rows since `middle_at`; within 1 %
create macro latency_sides(for_model, a, middle_at, b) as table
    with counts as (
        select version, bucket_start >= middle_at as is_now, bucket, sum(n) as n
        from   latencies
        where  model = for_model and ok and bucket_start >= a and bucket_start < b
        group  by all
    ), ranked as (
        select version, is_now, bucket, n,
               sum(n) over (partition by version, is_now order by bucket) as up_to,
               sum(n) over (partition by version, is_now)                 as total
        from   counts
    )
    select version, is_now,
           bucket_ms(min(bucket) filter (up_to >= 0.50 * total)) as p50_ms,
           bucket_ms(min(bucket) filter (up_to >= 0.95 * total)) as p95_ms,
           bucket_ms(min(bucket) filter (up_to >= 0.99 * total)) as p99_ms
    from   ranked
    group  by version, is_now;

-- the spans that are looked at, for each version and width (seconds): up to b, or up to when the version last served
create macro version_spans(for_model, widths, b, to_its_end) as table
    with served as (
        select version, arg_max(role, last_at) as role, max(last_at) as last_at
        from   requests
        where  model = for_model and role <> 'shadow' and bucket_start < b
        group  by version
    ), wanted as (
        select distinct unnest(widths)::double as width_s
    )
    select version, role, last_at, width_s,
           case when to_its_end then least(b, stepped(interval 1 minute, last_at) + interval 1 minute) else b end as to_at,
           to_at - width_s * interval 1 second as from_at
    from   served cross join wanted;

-- greatest and least that know no answer for NULL
create macro no_less(x, bound) as case when x < bound then bound else x end;
create macro no_more(x, bound) as case when x > bound then bound else x end;

-- 95 in 100, at every look
create macro low_pct(k, n)  as 100 * rate_low(k, n, 0.05, 1000);
create macro high_pct(k, n) as 100 * rate_high(k, n, 0.05, 1000);

-- Which version each one is compared with: a canary with the live one beside it, a live one with itself before.
create macro reference_versions(for_model, a, b) as table
    with counts as (from version_counts(for_model, a, b)),
         live   as (select version from counts where role = 'live' order by last_at desc limit 1)
    select version, case when role = 'live' then version else (select version from live) end as reference,
           role = 'live' as looks_back
    from   counts;

-- Since when both versions of a pair have served: there the stream begins of which failing_alpha() and slower_alpha() speak.
create macro pair_starts(for_model, a, b, step) as table
    with firsts as (
        select version, min(first_at) as first_at from requests where model = for_model and bucket_start < b group by version
    ), starts as (
        select r.*, stepped(step, greatest(own.first_at, other.first_at)) as started_at
        from   reference_versions(for_model, a, b) as r
               join firsts as own on own.version = r.version join firsts as other on other.version = r.reference
    )
    select *, greatest(started_at, stepped(step, a)) as from_at,
           (epoch(from_at) - epoch(started_at)) / epoch(step) as first_slice
    from   starts;

-- Side by side: a bet, slice by slice, that a canary's share of the failures is its share of the requests. It may be
-- looked at on every refresh, in a window that moves, under any daily rhythm, and while the split moves (restarted).
create macro failing_beside(for_model, a, b, step) as table
    with slices as (
        select version, stepped(step, bucket_start) as slice_at,
               sum(n) / mean_weight() as n, coalesce(sum(n) filter (failed(outcome)), 0) / mean_weight() as k
        from   requests
        where  model = for_model and bucket_start >= a and bucket_start < b
        group  by all
    ), grid as (
        select version, reference, first_slice, unnest(generate_series(from_at, b, step)) as slice_at
        from   pair_starts(for_model, a, b, step) where not looks_back
    )
    select grid.version,
           restarted_p(list(coalesce(other.k, 0) order by grid.slice_at), list(coalesce(own.k, 0) order by grid.slice_at),
                       list(coalesce(own.n, 0) / nullif(coalesce(own.n, 0) + coalesce(other.n, 0), 0) order by grid.slice_at),
                       any_value(first_slice)) as p
    from   grid left join slices as own   on own.version = grid.version     and own.slice_at = grid.slice_at
                left join slices as other on other.version = grid.reference and other.slice_at = grid.slice_at
    where  grid.slice_at < b
    group  by grid.version;

-- How far each version's answered latencies lie to the right of its reference's, as a distance between distributions.
create macro slower_than(for_model, a, b, step) as table
    with pairs as (from pair_starts(for_model, a, b, step)),
    counts as (
        select version, bucket_start >= a as is_now, bucket_start, bucket, n / mean_weight() as n
        from   latencies
        where  model = for_model and ok and bucket_start >= a - (b - a) and bucket_start < b
    ), sides as (
        select pairs.version, bucket,
               sum(n) filter (counts.version = pairs.version and is_now and (looks_back or bucket_start >= from_at)) as n,
               sum(n) filter (counts.version = pairs.reference and is_now <> looks_back
                              and (looks_back or bucket_start >= from_at))                                        as reference_n
        from   pairs join counts on counts.version in (pairs.version, pairs.reference)
        group  by all
    )
    select version, band_p(greatest(ks_right(list(coalesce(reference_n, 0) order by bucket), list(coalesce(n, 0) order by bucket)), 0),
                           sum(reference_n), sum(n)) as p
    from   sides
    group  by version;

-- How often a verdict beside another version may be wrong, over the whole time that both serve, however often it is
-- looked at: 4 streams in 100 about failures, 1 in 100 about latency.
create macro failing_alpha() as 0.04;
create macro slower_alpha()  as 0.01;

-- Each version beside its reference, with a verdict: worse needs an effect and evidence. Against its own past nothing is
-- randomised: every look is a test of its own, so it needs 1 in 1 000 000 and an effect that a day's rhythm does not have.
create macro version_health(for_model, a, b, step) as table
    with sides as (
        select c.*, l.p50_ms, l.p95_ms, l.p99_ms
        from   version_sides(for_model, a - (b - a), a, b) as c
               left join latency_sides(for_model, a - (b - a), a, b) as l using (version, is_now)
    ), now as (
        select sides.* exclude (is_now), r.reference, r.looks_back, r.first_slice
        from   sides left join pair_starts(for_model, a, b, step) as r using (version)
        where  is_now
    ), before as (
        from sides where not is_now
    ), paired as (
        select now.*, mean_weight() as weight,
               case when now.looks_back then before.requests else beside.requests end as reference_requests,
               case when now.looks_back then before.failures else beside.failures end as reference_failures,
               case when now.looks_back then before.errors   else beside.errors   end as reference_errors,
               case when now.looks_back then before.p95_ms   else beside.p95_ms   end as reference_p95_ms,
               case when now.looks_back then 0.000001 else failing_alpha() end        as alpha,
               case when now.looks_back then 0.000001 else slower_alpha() end         as latency_alpha,
               case when now.looks_back then 1.5 else 1 end                           as least_ratio,
               case when now.looks_back then 1.5 else 1.2 end                         as least_slower,
               case when now.looks_back then 1 else stake(now.first_slice) end        as budget
        from   now left join before on before.version = now.version
                   left join now as beside on beside.version = now.reference and beside.version <> now.version
    ), tested as (
        select paired.*, least(1, slow.p / budget) as slower_p,
               case when looks_back
                    then tilted_p([reference_failures / weight], [failures / weight], [requests / (requests + reference_requests)])
                    else f.p end as failing_p,
               smallest_ratio(reference_failures / weight, reference_requests / weight, requests / weight, -ln(alpha * budget))
                   as ratio_seen
        from   paired left join failing_beside(for_model, a, b, step) as f using (version)
                      left join slower_than(for_model, a, b, step) as slow using (version)
    )
    select *,
           greatest(ratio_seen, least_ratio)                                         as smallest_ratio_seen,
           coalesce(failing_p <= alpha and failures / requests > least_ratio * reference_failures / reference_requests, false)
               as fails_more,
           coalesce(slower_p <= latency_alpha and p95_ms > least_slower * reference_p95_ms, false) as is_slower,
           case when requests / weight < 50 or coalesce(reference_requests, 0) / weight < 50 then 'cannot tell'
                when fails_more or is_slower                               then 'worse'
                else 'not shown worse' end as verdict
    from   tested;

-- since when a version fails more: the most likely single change of its failure rate, in steps
create macro failing_since(for_model, v, a, b, step) as table
    with steps as (
        select stepped(step, bucket_start) as step_at, sum(n) / mean_weight() as n,
               coalesce(sum(n) filter (failed(outcome)), 0) / mean_weight() as k
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

-- since when a version is slower: the same for the share of its answers that take longer than limit_ms
create macro slow_since(for_model, v, a, b, step, limit_ms) as table
    with steps as (
        select stepped(step, bucket_start) as step_at, sum(n) / mean_weight() as n,
               coalesce(sum(n) filter (bucket_ms(bucket) > limit_ms), 0) / mean_weight() as k
        from   latencies
        where  model = for_model and version = v and ok and bucket_start >= a and bucket_start < b
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

-- every time that a column came, went or changed its type, from a file to the next one by time
create macro column_changes() as table
    with read as (
        select path, columns, first_at, lag(columns) over (order by first_at, path) as before
        from   files
        where  columns <> '' and first_at is not null
    ), pairs as (
        select path, first_at as seen_at, columns, before,
               unnest(list_distinct(list_concat(json_keys(columns), json_keys(before)))) as "column"
        from   read
        where  before <> columns
    ), typed as (
        select *, json_extract_string(before, pointer) as type_before, json_extract_string(columns, pointer) as type_after
        from   (select *, '/' || replace(replace("column", '~', '~0'), '/', '~1') as pointer from pairs)
    )
    select path, seen_at, "column",
           case when type_before is null then 'came as ' || type_after
                when type_after is null  then 'went, was ' || type_before
                else type_before || ' became ' || type_after end as change
    from   typed
    where  type_before is distinct from type_after;
