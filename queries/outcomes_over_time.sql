-- How do requests go wrong over time, by outcome?
select stepped($step, bucket_start) as step_at, outcome, sum(n)::bigint as requests
from   requests
where  model = $model and outcome <> 'ok' and bucket_start >= $since and bucket_start < $until
       and ($version is null or version = $version)
group  by all
order  by step_at, outcome
