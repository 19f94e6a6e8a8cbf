-- The days that are projected: from today at each place to the furthest day on which somebody may book for themselves.
-- Services without a furthest day are bookable as far as hours go: half a year of them is projected.
with horizon as (
    select coalesce(max(coalesce(s.furthest_days, %(longest)s)), 0) as days
    from service as s where s.online and s.retired_at is null
)
insert into availability_day (location_id, day, version, stale_since)
select l.id, cast(%(at)s at time zone l.time_zone as date) + n, %(version)s, %(at)s
from location as l cross join horizon as h
cross join lateral generate_series(0, greatest(h.days, %(least)s)) as n
where l.retired_at is null
on conflict do nothing
