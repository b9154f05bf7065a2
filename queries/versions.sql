-- Which versions serve, with which share of the traffic, since when?
with served as (
    select version, arg_max(role, last_at) as role,
           coalesce(sum(n) filter (bucket_start >= $since and bucket_start < $until), 0)::bigint as requests,
           min(first_at) as first_at, max(last_at) as last_at
    from   requests
    where  model = $model and bucket_start < $until
    group  by version
), recent as (
    select version, sum(n) as n
    from   requests
    where  model = $model and role <> 'shadow' and bucket_start < $until
           and bucket_start >= (select max(last_at) from served) - interval 1 minute
    group  by version
)
select $model as model, version, coalesce(r.role, s.role) as role,
       case when exists (from routes where model = $model) then coalesce(r.weight_pct, 0)
            else coalesce(pct(recent.n, sum(recent.n) over ()), 0) end as weight_pct,
       coalesce(s.requests, 0) as requests, s.first_at, s.last_at
from   served as s full join (select * from routes where model = $model) as r using (version)
       left join recent using (version)
order  by weight_pct desc, last_at desc, version
