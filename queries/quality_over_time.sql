-- How right were the answers, step by step: counted where the labels are in, estimated from scores everywhere?
with mature as (
    select to_at from mature_span($model, $since, $until, $now)
), counted as (
    select stepped(greatest($step, interval 1 minute), bucket_start) as step_at, count(label) as labelled,
           count(*) filter (label = prediction) as hits
    from   labelled_answers($model, $since, $until)
    where  bucket_start < (select to_at from mature)
    group  by all
), estimated as (
    select stepped(greatest($step, interval 1 minute), bucket_start) as step_at, 100 * avg(right_p) as estimated_pct, count(*) as answered
    from   expected_answers($model, $since, $until)
    group  by all
)
select step_at, pct(hits, labelled) as accuracy_pct, estimated_pct, coalesce(labelled, 0)::bigint as labelled, answered
from   estimated full join counted using (step_at)
order  by step_at
