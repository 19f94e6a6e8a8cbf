-- All a booking has to know about one instant, in one round trip: several of them cost more than the booking itself.
-- Length and buffers are the service's, or those agreed with the visit that is moving, whose own time counts as free.
select s.length_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.price_cents, s.currency, s.needs_room,
    l.time_zone, performers.ids as provider_ids, performers.versions, rooms.ids as room_ids,
    (
        select json_agg(json_build_array(
            h.provider_id, h.location_id, h.room_id, h.weekday, h.starts, h.ends, h.valid_from, h.valid_to,
            h.every_weeks))
        from schedule as h
        where h.provider_id = any (performers.ids) and h.location_id = l.id
          and h.weekday = extract(isodow from cast(:starts_at as timestamptz) at time zone l.time_zone)
    ) as blocks,
    array(
        select distinct b.resource_id
        from doors.busy(
            performers.ids || rooms.ids || cast(:patient as uuid), tstzrange(t.opens, t.closes), :at
        ) as b
        where (b.resource_id <> :patient or b.during && tstzrange(:starts_at, t.ends))
          and (m.id is null or (b.resource_id, b.during) not in (
            (m.patient_id, tstzrange(m.starts_at, m.ends_at)), (m.provider_id, m.staff), (m.room, m.staff)))
    ) as busy
from service as s
join service_location as o on o.service_id = s.id
join location as l on l.id = o.location_id
left join lateral (
    select a.id, a.patient_id, a.provider_id, coalesce(a.room_id, a.provider_id) as room, a.starts_at, a.ends_at,
        a.buffer_before_minutes as before, a.buffer_after_minutes as after,
        tstzrange(a.starts_at - make_interval(mins => a.buffer_before_minutes),
            a.ends_at + make_interval(mins => a.buffer_after_minutes)) as staff
    from appointment as a where a.id = :moving
) as m on true
cross join lateral (
    select e.ends, cast(:starts_at as timestamptz) - make_interval(mins => coalesce(m.before, s.buffer_before_minutes))
        as opens, e.ends + make_interval(mins => coalesce(m.after, s.buffer_after_minutes)) as closes
    from (select cast(:starts_at as timestamptz)
        + coalesce(m.ends_at - m.starts_at, make_interval(mins => s.length_minutes)) as ends) as e
) as t
cross join lateral (
    select array_agg(p.id) as ids, array_agg(r.version) as versions
    from service_provider as sp
    join provider as p on p.id = sp.provider_id
    join resource as r on r.id = p.id
    where sp.service_id = s.id and p.retired_at is null
      and (cast(:provider as uuid) is null or p.id = :provider)
) as performers
cross join lateral (
    select array(
        select r.id from room as r where r.location_id = l.id and r.retired_at is null order by r.name
    ) as ids
) as rooms
where s.id = :service and l.id = :location and l.retired_at is null and (s.retired_at is null or m.id is not null)
