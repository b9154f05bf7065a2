-- When did the log's columns change: which one came, went, or changed its type?
select min(seen_at) as since_at, "column", change, count(*) as times, max(seen_at) as last_at, arg_min(path, seen_at) as path
from   column_changes()
group  by "column", change
order  by 1 desc, "column"
