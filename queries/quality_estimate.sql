-- Before the labels are in: how right would each version be if its calibrated scores still meant what they meant?
with expected as (
    from expected_answers($model, $since, $until)
), realised as (
    select avg((prediction = label)::int) as accuracy from labelled_baseline
), estimated as (
    select version, arg_max(role, bucket_start) as role, count(*) as answered, avg(right_p) as accuracy,
           sum(worth) filter (says_yes) as true_yes, count(*) filter (says_yes) as said_yes, sum(worth) as all_yes
    from   expected
    group  by version
)
select version, role, 100 * e.accuracy as estimated_pct,
       -- greatest() and least() pass over what is not known
       case when e.accuracy is not null then 100 * greatest(0, e.accuracy - 3 * sqrt(r.accuracy * (1 - r.accuracy) / answered)) end as low_pct,
       case when e.accuracy is not null then 100 * least(1, e.accuracy + 3 * sqrt(r.accuracy * (1 - r.accuracy) / answered)) end as high_pct,
       100 * r.accuracy as baseline_pct,
       pct(true_yes, said_yes) as precision_pct, pct(true_yes, all_yes) as recall_pct, answered,
       case when e.accuracy is null then 'needs a baseline with labels and scores'
            else 'cannot see that the same inputs now mean something else' end as warning
from   estimated as e cross join realised as r
order  by role = 'live' desc, answered desc
