-- Where do a version and its shadow answer differently: which inputs and clients, and which answer became which?
with chosen as (
    select (select a_version from compared_pair($model, $version, $other, $since, $until)) as a_version,
           (select b_version from compared_pair($model, $version, $other, $since, $until)) as b_version
), own as (
    select pairs.* from pairs cross join chosen
    where  model = $model and bucket_start >= $since and bucket_start < $until
           and ((version = a_version and shadow = b_version) or (version = b_version and shadow = a_version)
                or (version = '' and shadow in (a_version, b_version)))
), named as (
    -- four fine bins of a number make one segment
    select own.*, b.kind, case when b.kind = 'numeric' and own.bin > 0 then (own.bin - 1) // 4 else own.bin end as place, bin_low, bin_high,
           coalesce(own.category, b.category, case own.bin when -1 then 'missing' when -2 then 'NaN' when -3 then '-inf' when -4 then '+inf'
                    when -5 then 'empty' when -6 then 'unseen' when -7 then 'rare' end) as name
    from   own left join bins as b on b."column" = own."column" and b.bin = own.bin and b.mass in ('bin', 'below', 'above')
), segments as (
    select "column", place,
           coalesce(any_value(name), case when min(bin_low) is null then 'below ' || printf('%.4g', max(bin_high))
                                          when max(bin_high) is null then 'above ' || printf('%.4g', min(bin_low))
                                          else printf('%.4g to %.4g', min(bin_low), max(bin_high)) end) as segment,
           sum(n)::double as n, sum(n - agree)::double as k
    from   named where "column" <> '' group by "column", place, case when kind = 'numeric' then '' else name end
), whole as (
    select coalesce(sum(n), 0)::double as n, coalesce(sum(n - agree), 0)::double as k, coalesce(sum(unpaired), 0)::double as unpaired,
           coalesce(sum(unanswered), 0)::double as unanswered, sum(gap) / nullif(sum(scored), 0) as score_gap
    from   own where "column" = ''
), tested as (
    select segments.*, whole.n as all_n, whole.k as all_k,
           chi2_p([segments.k / mean_weight(), (segments.n - segments.k) / mean_weight()],
                  [(whole.k - segments.k) / mean_weight(), (whole.n - whole.k - segments.n + segments.k) / mean_weight()]) as p
    from   segments cross join whole where segments."column" <> 'prediction' and segments.n >= 20 and whole.n > segments.n
), corrected as (
    select unnest(list("column" order by "column", segment)) as "column", unnest(list(segment order by "column", segment)) as segment,
           unnest(false_discovery(list(p order by "column", segment))) as false_discovery
    from   tested
)
select 0 as place, 'all' as "column", 'pairs' as segment, n::bigint as pairs, pct(k, n) as differ_pct, 100 * rate_low(k, n, 0.05, 1000) as low_pct,
       100 * rate_high(k, n, 0.05, 1000) as high_pct, null::double as times, score_gap,
       case when n < 50 then 'cannot tell' when rate_low(k, n, 0.05, 1000) > 0.05 then 'worse'
            when rate_high(k, n, 0.05, 1000) <= 0.05 then 'not shown worse' else 'cannot tell' end as verdict,
       unpaired::bigint as unpaired, unanswered::bigint as unanswered
from   whole where n > 0 or unpaired > 0
union all
select 1, "column", segment, n::bigint, pct(k, n), 100 * rate_low(k, n, 0.05, 1000), 100 * rate_high(k, n, 0.05, 1000),
       (k / n) / nullif((all_k - k) / (all_n - n), 0), null,
       case when false_discovery is null then 'cannot tell'
            when false_discovery <= 0.05 and k / n > (all_k - k) / (all_n - n) then 'worse' else 'not shown worse' end, null, null
from   tested join corrected using ("column", segment)
qualify row_number() over (order by (false_discovery <= 0.05 and k / n > (all_k - k) / (all_n - n)) desc, k / n desc, n desc) <= 12
union all
select 2, 'answer', segment, n::bigint, pct(n, (select k from whole)), null, null, null, null, 'cannot tell', null, null
from   segments where "column" = 'prediction'
qualify row_number() over (order by n desc, segment) <= 6
order  by 1, verdict = 'worse' desc, differ_pct desc, segment
