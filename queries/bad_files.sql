-- Which files of the log could not be read, or not whole, and since when?
select path, state, reason, epoch($now) - mtime_ns / 1e9 as age_s, size_bytes
from   files
where  state in ('torn', 'corrupt', 'unreadable', 'empty') or (state = 'read' and reason <> '')
order  by mtime_ns desc, path
