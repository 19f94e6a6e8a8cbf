-- Minutes of providers that visits took or are to take, with their buffers and what an early end gave back: as occupancy
-- has it. Seats of a group visit are one session's time, however many come. By place and local weekday of the start.
select used.location_id, used.provider_id, extract(isodow from used.starts_at at time zone site.zone)::integer as weekday,
    sum(extract(epoch from used.took) / 60)::integer as minutes
from unnest(
    cast(:locations as uuid[]), cast(:zones as text[]), cast(:opens as timestamptz[]), cast(:closes as timestamptz[])
) as site (id, zone, opens, closes)
cross join lateral (
    select a.location_id, a.provider_id, a.starts_at,
        greatest(
            interval '5 minutes',
            least(a.ends_at, coalesce(a.released_at, a.ends_at)) + make_interval(mins => a.buffer_after_minutes)
                - a.starts_at + make_interval(mins => a.buffer_before_minutes)
        ) as took
    from appointment as a
    where a.location_id = site.id and a.starts_at >= site.opens and a.starts_at < site.closes
      and a.status in ('booked', 'confirmed', 'arrived', 'in_room', 'finished') and a.group_session_id is null
    union all
    select g.location_id, g.provider_id, g.starts_at,
        g.ends_at - g.starts_at + make_interval(mins => g.buffer_before_minutes + g.buffer_after_minutes)
    from group_session as g
    where g.location_id = site.id and g.starts_at >= site.opens and g.starts_at < site.closes and g.status = 'open'
) as used
group by used.location_id, used.provider_id, weekday
