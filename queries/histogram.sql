-- How does one column look now, bin by bin, beside the baseline?
with shares as (
    select bin, base, live, sum(base) over () as base_n, sum(live) over () as live_n
    from   compared_bins($model, $version, $since, $until, $baseline)
    where  "column" = $column
), contributions as (
    select list(bin order by bin) as bin,
           psi_contributions(list(base order by bin), list(live order by bin)) as contribution
    from   shares
), by_bin as (
    select unnest(bin) as bin, unnest(contribution) as contribution from contributions
), unseen as (
    select category, sum(n) as n
    from   "values"
    where  model = $model and "column" = $column and bin = -6 and category is not null and role <> 'shadow'
           and is_live(version, $version, $baseline) and bucket_start >= $since and bucket_start < $until
    group  by all order by n desc limit 5
)
select $column as "column", b.bin_low, b.bin_high,
       coalesce(u.category, b.category)                               as category,
       case when u.category is null then pct(s.base, s.base_n) else 0 end as baseline_pct,
       coalesce(pct(coalesce(u.n, s.live), s.live_n), 0)              as live_pct,
       c.contribution, b.mass
from   shares as s join by_bin as c using (bin)
       join (select distinct bin, bin_low, bin_high, mass, case when mass = 'bin' then category end as category
             from bins where "column" = $column) as b using (bin)
       left join unseen as u on b.mass = 'unseen'
where  s.live_n > 0 and (s.base > 0 or s.live > 0 or b.mass in ('below', 'above'))
order  by case when s.bin < 0 then 1 else 0 end, abs(s.bin), u.n desc
