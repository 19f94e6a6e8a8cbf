-- Everything but who is busy, for a window of time, in one row: the service, where and by whom, its rooms and equipment,
-- weekly blocks of the window's weekdays, extra hours, closures and leave. As JSON, which costs a tenth of as many rows.
with people as (
    select p.id from service_provider as sp join provider as p on p.id = sp.provider_id
    where sp.service_id = :service and p.retired_at is null and (cast(:provider as uuid) is null or p.id = :provider)
), places as (
    select l.id, l.time_zone, cast(cast(:begins as timestamptz) at time zone l.time_zone as date) as first,
        cast(cast(:ends as timestamptz) at time zone l.time_zone as date) as last
    from service_location as sl join location as l on l.id = sl.location_id
    where sl.service_id = :service and l.retired_at is null and (cast(:location as uuid) is null or l.id = :location)
)
select s.length_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.needs_room, s.notice_minutes, s.furthest_days,
    s.online, s.audience,
    case when s.audience <> 'any' and :portal then
        exists (select from appointment as a where a.patient_id = :patient and a.status = 'finished')
        or exists (select from encounter as e where e.patient_id = :patient)
    end as returning_patient,
    (
        select json_agg(json_build_array(l.id, l.time_zone, array(
            select r.id from room as r where r.location_id = l.id and r.retired_at is null order by r.id)))
        from places as l
    ) as sites,
    array(select sr.room_id from service_room as sr where sr.service_id = s.id) as room_ids,
    (
        select json_agg(json_build_array(l.id, n.kind, array(
            select q.id from equipment as q
            where q.kind = n.kind and q.location_id = l.id and q.retired_at is null order by q.id)))
        from service_equipment as n cross join places as l where n.service_id = s.id
    ) as equipment,
    (
        select json_agg(json_build_array(h.provider_id, h.location_id, h.room_id, h.weekday, h.starts, h.ends,
            h.valid_from, h.valid_to, h.every_weeks))
        from schedule as h join people as p on p.id = h.provider_id join places as l on l.id = h.location_id
        where mod(cast(h.weekday - extract(isodow from l.first) + 7 as integer), 7) <= l.last - l.first
          and h.valid_from <= l.last and (h.valid_to is null or h.valid_to >= l.first)
    ) as blocks,
    (
        select json_agg(json_build_array(x.provider_id, x.location_id, x.room_id,
            extract(epoch from x.starts_at), extract(epoch from x.ends_at), l.time_zone))
        from extra_hours as x join people as p on p.id = x.provider_id join places as l on l.id = x.location_id
        where x.starts_at < :ends_late and x.ends_at > :begins
    ) as extra,
    (
        select json_agg(json_build_array(c.location_id, extract(epoch from lower(c.during)),
            extract(epoch from upper(c.during))))
        from closure as c join places as l on l.id = c.location_id
        where c.during && tstzrange(:begins, :ends_late)
    ) as closures,
    (
        select json_agg(json_build_array(v.provider_id, extract(epoch from v.starts_at), extract(epoch from v.ends_at)))
        from leave as v join people as p on p.id = v.provider_id
        where v.starts_at < :ends_late and v.ends_at > :begins
    ) as leave
from service as s where s.id = :service
