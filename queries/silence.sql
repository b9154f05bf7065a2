-- Since a moment: which versions still serve, and how long have the others been silent?
with served as (
    select version, arg_max(role, last_at) as role,
           coalesce(sum(n) filter (bucket_start >= $since), 0)::bigint as requests,
           min(first_at) filter (first_at >= $since) as first_at, max(last_at) as last_at
    from   requests
    where  model = $model and bucket_start >= $since - interval 1 day
    group  by version
)
select version, role, requests, first_at, last_at,
       epoch((select max(last_at) from served)) - epoch(last_at) as silent_s
from   served
order  by last_at desc
