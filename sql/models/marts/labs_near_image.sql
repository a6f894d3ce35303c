-- Lab results near each built image: the first and the last of each test.
-- Grain: dicom_id, itemid, unit.
-- Rule: near is at most window_seconds of settings.near_image before or after study_at,
-- by the time of the specimen. A result that has neither a number nor a text counts as
-- none. Results of one test in two units are two rows, so that first and last compare.
-- Of two results of one moment, the one with the smaller labevent_id is the earlier.
-- Columns:
--   lab: Name of the test; null where the dictionary lacks it.
--   unit: Unit of the values as the source writes it; null where it has none.
--   n_results: How many results of the test are near the image.
--   first_at: When the first of them was drawn.
--   first_value: Its number in `unit`, null where the result is a text.
--   first_text: The first result as the source writes it.
--   first_gap_seconds [s]: From the image to the first result; negative before it.
--   last_at: When the last of them was drawn.
--   last_value: Its number in `unit`, null where the result is a text.
--   last_text: The last result as the source writes it.
--   last_gap_seconds [s]: From the image to the last result; negative before it.
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

results as (
    select
        images.image,
        labs.labevent_id,
        labs.itemid,
        labs.charttime,
        labs.value,
        labs.valuenum,
        labs.valueuom,
        date_diff('millisecond', images.study_at, labs.charttime) as gap_milliseconds
    from cohort.hosp_labevents as labs
    inner join images on labs.subject_id = images.subject_id
    where labs.value is not null or labs.valuenum is not null
),

near as (
    select
        results.image,
        results.itemid,
        results.charttime,
        results.value,
        results.valuenum,
        results.valueuom,
        results.gap_milliseconds,
        row_number() over (
            partition by results.image, results.itemid, results.valueuom
            order by results.gap_milliseconds, results.labevent_id
        ) as place,
        count(*) over (
            partition by results.image, results.itemid, results.valueuom
        ) as n_results
    from results
    cross join settings.near_image as settings
    where
        results.gap_milliseconds >= -settings.window_seconds * 1000
        and results.gap_milliseconds <= settings.window_seconds * 1000
),

tests as (
    select
        image,
        itemid,
        valueuom as unit,
        n_results,
        max(case when place = 1 then charttime end) as first_at,
        max(case when place = 1 then valuenum end) as first_value,
        max(case when place = 1 then value end) as first_text,
        max(case when place = 1 then gap_milliseconds end) as first_gap,
        max(case when place = n_results then charttime end) as last_at,
        max(case when place = n_results then valuenum end) as last_value,
        max(case when place = n_results then value end) as last_text,
        max(case when place = n_results then gap_milliseconds end) as last_gap
    from near
    where place = 1 or place = n_results
    group by image, itemid, valueuom, n_results
),

final as (
    select
        images.dicom_id,
        images.subject_id,
        images.study_at,
        tests.itemid,
        items.label as lab,
        items.fluid,
        items.category,
        tests.unit,
        tests.n_results,
        tests.first_at,
        tests.first_value,
        tests.first_text,
        cast(tests.first_gap as double) / 1000 as first_gap_seconds,
        tests.last_at,
        tests.last_value,
        tests.last_text,
        cast(tests.last_gap as double) / 1000 as last_gap_seconds
    from tests
    inner join images on tests.image = images.image
    left join staging.lab_items as items on tests.itemid = items.itemid
)

select * from final
