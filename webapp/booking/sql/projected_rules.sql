-- What the projection does not hold, in one row: what a service needs, its places, and when the patient has no time.
select s.online, s.audience,
    case when s.audience <> 'any' and :portal then
        exists (select from appointment as a where a.patient_id = :patient and a.status = 'finished')
        or exists (select from encounter as e where e.patient_id = :patient)
    end as returning_patient,
    array(select sr.room_id from service_room as sr where sr.service_id = s.id) as room_ids,
    array(select n.kind from service_equipment as n where n.service_id = s.id order by n.kind) as kinds,
    (
        select json_agg(json_build_array(l.id, l.time_zone) order by l.id)
        from service_location as sl join location as l on l.id = sl.location_id
        where sl.service_id = s.id and l.retired_at is null
    ) as sites,
    (
        select json_agg(json_build_array(extract(epoch from lower(b.during)), extract(epoch from upper(b.during)),
            extract(epoch from b.lapses_at)))
        from doors.busy(array_remove(array[cast(:patient as uuid)], null), tstzrange(:begins, :ends), :at) as b
    ) as own
from service as s where s.id = :service
