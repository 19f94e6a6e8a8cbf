-- Some days of some places as they are, in one row each. As JSON, which costs a tenth of as many rows.
select t.n, l.time_zone,
    array(select r.id from room as r where r.location_id = t.location_id and r.retired_at is null order by r.id) as rooms,
    (
        select json_object_agg(k.kind, k.pieces) from (
            select q.kind, array_agg(q.id order by q.id) as pieces from equipment as q
            where q.location_id = t.location_id and q.retired_at is null group by q.kind
        ) as k
    ) as equipment,
    (
        select json_agg(json_build_array(h.provider_id, h.room_id, h.weekday, h.starts, h.ends, h.valid_from, h.valid_to,
            h.every_weeks))
        from schedule as h
        where h.location_id = t.location_id and h.weekday = extract(isodow from t.day)
          and h.valid_from <= t.day and (h.valid_to is null or h.valid_to >= t.day)
    ) as blocks,
    (
        select json_agg(json_build_array(x.provider_id, x.room_id, extract(epoch from x.starts_at),
            extract(epoch from x.ends_at)))
        from extra_hours as x
        where x.location_id = t.location_id and x.starts_at < t.closes and x.ends_at > t.opens
    ) as extra,
    (
        select json_agg(json_build_array(extract(epoch from lower(c.during)), extract(epoch from upper(c.during))))
        from closure as c where c.location_id = t.location_id and c.during && tstzrange(t.opens, t.closes)
    ) as closures,
    (
        select json_agg(json_build_array(v.provider_id, extract(epoch from v.starts_at), extract(epoch from v.ends_at)))
        from leave as v
        where v.starts_at < t.closes and v.ends_at > t.opens and v.provider_id in (
            select h.provider_id from schedule as h where h.location_id = t.location_id
            union all
            select x.provider_id from extra_hours as x where x.location_id = t.location_id
        )
    ) as leave,
    (
        select json_agg(json_build_array(o.resource_id, extract(epoch from lower(o.during)),
            extract(epoch from upper(o.during)), extract(epoch from o.lapses_at)))
        from (
            select r.id from room as r where r.location_id = t.location_id
            union
            select q.id from equipment as q where q.location_id = t.location_id
            union
            select h.provider_id from schedule as h
            where h.location_id = t.location_id and h.weekday = extract(isodow from t.day)
            union
            select x.provider_id from extra_hours as x
            where x.location_id = t.location_id and x.starts_at < t.closes and x.ends_at > t.opens
        ) as part
        join occupancy as o on o.resource_id = part.id
            and o.during && tstzrange(t.opens - interval '3 hours', t.closes + interval '3 hours')
    ) as busy
from unnest(%(locations)s::uuid[], %(days)s::date[], %(opens)s::timestamptz[], %(closes)s::timestamptz[])
    with ordinality as t (location_id, day, opens, closes, n)
join location as l on l.id = t.location_id
order by t.n
