-- One to three images of each study. Grain: dicom_id.
with

numbered as (
    select
        *,
        unnest(
            range(
                1
                + (share(row_hash, 'second') < 0.53)::integer
                + (share(row_hash, 'third') < 0.12)::integer
            )
        ) as image_number
    from people.studies
),

drawn as (
    select
        subject_id,
        study_id,
        split,
        study_at,
        image_number,
        md5(concat_ws('/', getvariable('seed'), study_id, image_number)) as digits,
        row_hash_at(row_hash, image_number) as row_hash
    from numbered
)

select
    subject_id,
    study_id,
    split,
    study_at,
    row_hash,
    concat_ws('-', '90000000', digits[1:8], digits[9:16], digits[17:24], digits[25:32])
        as dicom_id,
    case when image_number = 1 then 'LATERAL' else pick(row_hash, 'view', ['PA', 'AP'])
    end as view,
    whole(row_hash, 'rows', 1800, 3056)::integer as image_rows,
    whole(row_hash, 'columns', 1800, 3056)::integer as image_columns
from drawn
order by subject_id, study_id, image_number
