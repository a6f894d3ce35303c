-- Vital signs of the emergency department near each built image: the first and the
-- last of each.
-- Grain: dicom_id, vital_sign.
-- Rule: near is at most window_seconds of settings.near_image before or after study_at.
-- Triage stands at the arrival, the others at their charttime; of whichever stay of the
-- patient. Observations that were charted in an ICU are in marts.patient_timeline.
-- Nothing is converted or bounded. Of two at one moment, triage is the earlier.
-- Columns:
--   vital_sign: Which it is: temperature, heartrate, resprate, o2sat, sbp or dbp.
--   unit: Unit of the values.
--   n_values: How many values are near the image.
--   first_at: When the first of them was taken.
--   first_value: The first value, in `unit`.
--   first_gap_seconds [s]: From the image to the first value; negative before it.
--   last_at: When the last of them was taken.
--   last_value: The last value, in `unit`.
--   last_gap_seconds [s]: From the image to the last value; negative before it.
with

-- Numbered, since numbers are sorted in less time than the ids are.
images as (
    select
        row_number() over (order by built.dicom_id) as image,
        built.dicom_id,
        built.subject_id,
        links.study_at
    from cohort.images as built
    inner join links.cxr_stay as links on built.dicom_id = links.dicom_id
    where links.study_at is not null
),

signs as (
    select
        stays.subject_id,
        stays.stay_id,
        1 as turn,
        stays.intime as taken_at,
        triage.temperature,
        triage.heartrate,
        triage.resprate,
        triage.o2sat,
        triage.sbp,
        triage.dbp
    from cohort.ed_triage as triage
    inner join cohort.ed_edstays as stays
        on
            triage.stay_id = stays.stay_id
            and triage.subject_id = stays.subject_id
    union all
    select
        subject_id,
        stay_id,
        2 as turn,
        charttime as taken_at,
        temperature,
        heartrate,
        resprate,
        o2sat,
        sbp,
        dbp
    from cohort.ed_vitalsign
),

gaps as (
    select
        images.image,
        signs.stay_id,
        signs.turn,
        signs.taken_at,
        signs.temperature,
        signs.heartrate,
        signs.resprate,
        signs.o2sat,
        signs.sbp,
        signs.dbp,
        date_diff('millisecond', images.study_at, signs.taken_at) as gap_milliseconds
    from signs
    inner join images on signs.subject_id = images.subject_id
),

cells as (
    select
        gaps.image,
        kinds.vital_sign,
        kinds.unit,
        gaps.stay_id,
        gaps.turn,
        gaps.taken_at,
        gaps.gap_milliseconds,
        case kinds.vital_sign
            when 'temperature' then gaps.temperature
            when 'heartrate' then gaps.heartrate
            when 'resprate' then gaps.resprate
            when 'o2sat' then gaps.o2sat
            when 'sbp' then gaps.sbp
            when 'dbp' then gaps.dbp
        end as amount
    from gaps
    cross join settings.near_image as settings
    cross join staging.vital_signs as kinds
    where
        gaps.gap_milliseconds >= -settings.window_seconds * 1000
        and gaps.gap_milliseconds <= settings.window_seconds * 1000
),

near as (
    select
        image,
        vital_sign,
        unit,
        taken_at,
        gap_milliseconds,
        amount,
        row_number() over (
            partition by image, vital_sign
            order by gap_milliseconds, turn, amount, stay_id
        ) as place,
        count(*) over (partition by image, vital_sign) as n_values
    from cells
    where amount is not null
),

firsts as (
    select
        image,
        vital_sign,
        unit,
        n_values,
        max(case when place = 1 then taken_at end) as first_at,
        max(case when place = 1 then amount end) as first_value,
        cast(max(case when place = 1 then gap_milliseconds end) as double)
        / 1000 as first_gap_seconds,
        max(case when place = n_values then taken_at end) as last_at,
        max(case when place = n_values then amount end) as last_value,
        cast(max(case when place = n_values then gap_milliseconds end) as double)
        / 1000 as last_gap_seconds
    from near
    where place = 1 or place = n_values
    group by image, vital_sign, unit, n_values
),

final as (
    select
        images.dicom_id,
        images.subject_id,
        images.study_at,
        firsts.vital_sign,
        firsts.unit,
        firsts.n_values,
        firsts.first_at,
        firsts.first_value,
        firsts.first_gap_seconds,
        firsts.last_at,
        firsts.last_value,
        firsts.last_gap_seconds
    from firsts
    inner join images on firsts.image = images.image
)

select * from final
