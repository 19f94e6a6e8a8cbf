-- Take all marks there are, and give every day that they are about the next version. A change of somebody's time is about
-- each place where they work that day; three hours beside it, because the buffers of a visit reach that far at most.
with marks as (
    delete from availability_dirty returning resource_ids, location_ids, spans
), pieces as (
    select m.resource_ids, m.location_ids, lower(s.span) - interval '3 hours' as opens,
        upper(s.span) + interval '3 hours' as closes
    from marks as m cross join lateral unnest(m.spans) as s (span)
), parts as (
    select distinct r.id, p.opens, p.closes from pieces as p cross join lateral unnest(p.resource_ids) as r (id)
), places as (
    select l.id as location_id, cast(null as integer) as weekday, p.opens, p.closes
    from pieces as p cross join lateral unnest(p.location_ids) as l (id)
    union
    select x.location_id, null, p.opens, p.closes from parts as p join room as x on x.id = p.id
    union
    select x.location_id, null, p.opens, p.closes from parts as p join equipment as x on x.id = p.id
    union
    select x.location_id, x.weekday, p.opens, p.closes from parts as p join schedule as x on x.provider_id = p.id
    union
    select x.location_id, null, p.opens, p.closes
    from parts as p join extra_hours as x on x.provider_id = p.id
    where (p.closes is null or x.starts_at < p.closes) and (p.opens is null or x.ends_at > p.opens)
), touched as (
    select distinct d.location_id, d.day
    from places as p
    join location as l on l.id = p.location_id
    join availability_day as d on d.location_id = p.location_id
        and d.day >= coalesce(cast(p.opens at time zone l.time_zone as date), '-infinity')
        and d.day <= coalesce(cast(p.closes at time zone l.time_zone as date), 'infinity')
        and (p.weekday is null or p.weekday = extract(isodow from d.day))
)
update availability_day as d
set version = greatest(d.version + 1, %(version)s), stale_since = coalesce(d.stale_since, %(at)s)
from touched as t
where d.location_id = t.location_id and d.day = t.day
