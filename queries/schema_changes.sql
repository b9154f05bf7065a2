-- When did the log's columns change: which one came, went, or changed its type?
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
select min(seen_at) as at, "column",
       case when type_before is null then 'came as ' || type_after
            when type_after is null  then 'went, was ' || type_before
            else type_before || ' became ' || type_after end as change,
       count(*) as times, max(seen_at) as last_at, arg_min(path, seen_at) as path
from   typed
where  type_before is distinct from type_after
group  by "column", type_before, type_after
order  by 1 desc, "column"
