-- All a board has to know of the clinic besides its visits, in one round trip: who works when and where, what is
-- closed or blocked, which other places there are. Spans are seconds since 1970; lists are null when they are empty.
with site as materialized (
    select l.* from location as l
    where l.retired_at is null
    order by l.id is distinct from %(location)s, l.name
    limit 1
), span as materialized (
    select s.id, extract(epoch from %(first)s::timestamp at time zone s.time_zone)::bigint as opens,
        extract(epoch from (%(last)s::date + 1)::timestamp at time zone s.time_zone)::bigint as closes
    from site as s
), during as materialized (
    select id, to_timestamp(opens) as opens, to_timestamp(closes) as closes from span
)
select s.id, s.name, s.time_zone, s.phone, s.line, s.city, s.state, s.postal_code,
    (
        select json_agg(json_build_array(l.id, l.name) order by l.name) from location as l where l.retired_at is null
    ) as sites,
    (
        select json_agg(json_build_array(r.id, r.name) order by r.name)
        from room as r where r.location_id = s.id and r.retired_at is null
    ) as rooms,
    (
        select json_agg(json_build_array(p.id, p.family, p.given, p.prefix, p.credential, p.specialty, p.position)
            order by p.position, p.family)
        from provider as p where p.retired_at is null
    ) as providers,
    (
        select json_agg(json_build_array(h.provider_id, h.weekday, h.starts, h.ends, h.valid_from, h.valid_to,
            h.every_weeks))
        from schedule as h
        where h.location_id = s.id and h.valid_from <= %(last)s and (h.valid_to is null or h.valid_to >= %(first)s)
    ) as blocks,
    (
        select json_agg(json_build_array(e.provider_id, extract(epoch from e.starts_at)::bigint,
            extract(epoch from e.ends_at)::bigint))
        from extra_hours as e, during as d
        where e.location_id = s.id and e.starts_at < d.closes and e.ends_at > d.opens
    ) as extra,
    (
        select json_agg(json_build_array(v.provider_id, extract(epoch from v.starts_at)::bigint,
            extract(epoch from v.ends_at)::bigint))
        from leave as v, during as d where v.starts_at < d.closes and v.ends_at > d.opens
    ) as away,
    (
        select json_agg(json_build_array(extract(epoch from greatest(lower(c.during), d.opens))::bigint,
            extract(epoch from least(upper(c.during), d.closes))::bigint, c.reason) order by lower(c.during))
        from closure as c, during as d where c.location_id = s.id and c.during && tstzrange(d.opens, d.closes)
    ) as shut,
    (
        select json_agg(json_build_array(b.resource_id, extract(epoch from b.starts_at)::bigint,
            extract(epoch from b.ends_at)::bigint, b.label) order by b.starts_at)
        from provider as p join blocked_time as b on b.resource_id = p.id, during as d
        where p.retired_at is null and b.starts_at < d.closes and b.ends_at > d.opens
    ) as blocked,
    (
        select json_agg(json_build_array(g.id, g.service_id, v.name, g.provider_id, concat_ws(' ', nullif(p.prefix, ''),
            p.given, p.family), coalesce(r.name, ''), g.starts_at, g.ends_at, g.capacity, seats.taken, seats.here,
            seats.held, g.version) order by g.starts_at)
        from group_session as g
        join service as v on v.id = g.service_id
        join provider as p on p.id = g.provider_id
        left join room as r on r.id = g.room_id
        cross join lateral (
            select count(*) filter (where a.status <> 'held' or a.payment_open or a.held_until > doors.moment()) as taken,
                count(*) filter (where a.arrived_at is not null) as here,
                count(*) filter (where a.status = 'held' and (a.payment_open or a.held_until > doors.moment())) as held
            -- The condition of the index on seats, so that it is used.
            from appointment as a
            where a.group_session_id = g.id and a.status not in ('lapsed', 'cancelled', 'noshow')
        ) as seats, during as d
        where g.location_id = s.id and g.status = 'open' and g.starts_at < d.closes and g.starts_at >= d.opens
    ) as sessions
from site as s
