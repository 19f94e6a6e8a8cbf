-- All a booking has to know about one instant, in one round trip: several of them cost more than the booking itself.
-- Length and buffers are the service's, or those agreed with the visit that is moving. What of the time in question is
-- the patient's `own`, that of this visit or of a hold which a new one replaces, counts as free.
-- Of equipment, `pieces` and `piece_kinds` go together; a kind that the site has none of comes once, without a piece.
select s.length_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.price_cents, s.currency, s.deposit_cents,
    s.needs_room, s.notice_minutes, s.furthest_days, s.online, s.audience,
    l.time_zone, performers.ids as provider_ids, performers.versions, rooms.ids as room_ids,
    equipment.ids as pieces, equipment.kinds as piece_kinds,
    case when s.audience <> 'any' then
        exists (select from appointment as a where a.patient_id = %(patient)s and a.status = 'finished')
        or exists (select from encounter as e where e.patient_id = %(patient)s)
    end as returning_patient,
    weekly.blocks, extra.hours as extra,
    array(
        select v.provider_id from leave as v
        where v.provider_id = any (performers.ids) and v.starts_at < t.ends and v.ends_at > %(starts_at)s
    ) as absent,
    array(
        select distinct b.resource_id
        from doors.busy(
            performers.ids || asked.rooms || equipment.ids || %(patient)s::uuid, tstzrange(t.opens, t.closes), %(at)s
        ) as b
        where (b.resource_id <> %(patient)s or b.during && tstzrange(%(starts_at)s, t.ends))
          and not exists (
            select from unnest(%(own)s::uuid[], %(own_times)s::tstzrange[]) as own (id, during)
            where own.id = b.resource_id and own.during = b.during)
    ) as busy
from service as s
join service_location as o on o.service_id = s.id
join location as l on l.id = o.location_id
cross join lateral (
    select e.ends, %(starts_at)s::timestamptz - make_interval(mins => coalesce(%(before)s, s.buffer_before_minutes))
        as opens, e.ends + make_interval(mins => coalesce(%(after)s, s.buffer_after_minutes)) as closes
    from (select %(starts_at)s::timestamptz
        + coalesce(%(length)s::interval, make_interval(mins => s.length_minutes)) as ends) as e
) as t
cross join lateral (
    select array_agg(p.id) as ids, array_agg(r.version) as versions
    from service_provider as sp
    join provider as p on p.id = sp.provider_id
    join resource as r on r.id = p.id
    where sp.service_id = s.id and p.retired_at is null
      and (%(provider)s::uuid is null or p.id = %(provider)s)
) as performers
cross join lateral (
    select array(
        select r.id from room as r
        where r.location_id = l.id and r.retired_at is null
          and (r.id in (select sr.room_id from service_room as sr where sr.service_id = s.id)
            or not exists (select from service_room as sr where sr.service_id = s.id))
        order by r.name
    ) as ids
    offset 0  -- once, although asked for several times
) as rooms
cross join lateral (
    select json_agg(json_build_array(
            h.provider_id, h.location_id, h.room_id, h.weekday, h.starts, h.ends, h.valid_from, h.valid_to,
            h.every_weeks)) as blocks,
        coalesce(array_agg(distinct h.room_id), '{}') as rooms
    from schedule as h
    where h.provider_id = any (performers.ids) and h.location_id = l.id
      and h.weekday = extract(isodow from %(starts_at)s::timestamptz at time zone l.time_zone)
) as weekly
cross join lateral (
    select json_agg(json_build_array(x.provider_id, x.room_id)) as hours, coalesce(array_agg(x.room_id), '{}') as rooms
    from extra_hours as x
    where x.provider_id = any (performers.ids) and x.location_id = l.id
      and x.starts_at <= %(starts_at)s and x.ends_at >= t.ends
) as extra
cross join lateral (
    -- A provider who has a room of their own takes no other; each room that is asked about costs a search.
    select case
        when not s.needs_room then '{}'
        when weekly.rooms || extra.rooms <@ rooms.ids then weekly.rooms || extra.rooms
        else rooms.ids
    end as rooms
) as asked
cross join lateral (
    select coalesce(array_agg(q.id order by n.kind, q.name), '{}') as ids,
        coalesce(array_agg(n.kind order by n.kind, q.name), '{}') as kinds
    from service_equipment as n
    left join equipment as q on q.kind = n.kind and q.location_id = l.id and q.retired_at is null
    where n.service_id = s.id
) as equipment
where s.id = %(service)s and l.id = %(location)s and l.retired_at is null and (s.retired_at is null or %(moving)s)
