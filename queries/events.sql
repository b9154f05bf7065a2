-- What changed in this window: which version or column came, which column went or changed its type, when did labels begin?
with versions as (
    select version, min(first_at) as since_at, arg_min(role, first_at) as role from requests where model = $model group by version
), changes as (
    select "column", change, min(seen_at) as since_at from column_changes() group by all
), found as (
    select since_at, 'version' as kind, 'V' as mark, version || ' first seen (' || role || ')' as text
    from   versions where since_at > (select min(since_at) from versions)
    union all
    select since_at, 'schema', 'S', "column" || ' ' || change from changes
    union all
    select min(labelled_at), 'labels', 'L', 'the first label' from labels
)
select since_at, kind, mark, text
from   found
where  since_at >= $since and since_at < $until
order  by 1, 2, 4
