-- Fixations that lie in an ellipse which the same reader drew; of REFLACX, since
-- EyeGaze's reader drew none.
-- Grain: reading_id, fixation, ellipse. A fixation may lie in several.
-- Rule: on the edge is inside. An ellipse without width or height holds nothing.
-- Columns:
--   share_in_image: Share of the ellipse's box that is on the image, 0 to 1: readers
--     draw over the edge now and then. Null where the size of the image is not known.
--   is_in_image: Whether the fixation is on the image; null as above.
with

sizes as (
    select
        id,
        image_size_x,
        image_size_y
    from cohort.reflacx_metadata_phase_1
    union all
    select
        id,
        image_size_x,
        image_size_y
    from cohort.reflacx_metadata_phase_2
    union all
    select
        id,
        image_size_x,
        image_size_y
    from cohort.reflacx_metadata_phase_3
),

-- Twice the distances and whole pixels, of which a double is exact.
ellipses as (
    select
        lesions.reading_id,
        lesions.ellipse,
        lesions.certainty,
        cast(lesions.xmin as double) + lesions.xmax as twice_x,
        cast(lesions.ymin as double) + lesions.ymax as twice_y,
        cast(lesions.xmax as double) - lesions.xmin as width,
        cast(lesions.ymax as double) - lesions.ymin as height,
        cast(sizes.image_size_x as double) as columns_of_image,
        cast(sizes.image_size_y as double) as rows_of_image,
        cast(
            case
                when lesions.xmax < sizes.image_size_x then lesions.xmax
                else sizes.image_size_x
            end as double
        )
        - case when lesions.xmin > 0 then lesions.xmin else 0 end as width_in_image,
        cast(
            case
                when lesions.ymax < sizes.image_size_y then lesions.ymax
                else sizes.image_size_y
            end as double
        )
        - case when lesions.ymin > 0 then lesions.ymin else 0 end as height_in_image
    from marts.lesions as lesions
    left join sizes on lesions.reading_id = sizes.id
    where lesions.xmax > lesions.xmin and lesions.ymax > lesions.ymin
),

places as (
    select
        reading_id,
        fixation,
        dicom_id,
        subject_id,
        start_seconds,
        end_seconds,
        duration_seconds,
        x,
        y,
        2 * cast(x as double) as twice_x,
        2 * cast(y as double) as twice_y
    from marts.fixations
    where dataset = 'REFLACX'
),

final as (
    select
        places.reading_id,
        places.fixation,
        ellipses.ellipse,
        places.dicom_id,
        places.subject_id,
        places.start_seconds,
        places.end_seconds,
        places.duration_seconds,
        places.x,
        places.y,
        ellipses.certainty,
        case
            when ellipses.columns_of_image is null or ellipses.rows_of_image is null
                then null
            when ellipses.width_in_image <= 0 or ellipses.height_in_image <= 0 then 0
            else
                ellipses.width_in_image * ellipses.height_in_image
                / (ellipses.width * ellipses.height)
        end as share_in_image,
        places.x >= 0
        and places.y >= 0
        and places.x < ellipses.columns_of_image
        and places.y < ellipses.rows_of_image as is_in_image
    from places
    inner join ellipses
        on
            places.reading_id = ellipses.reading_id
            and (places.twice_x - ellipses.twice_x)
            * (places.twice_x - ellipses.twice_x)
            * ellipses.height
            * ellipses.height
            + (places.twice_y - ellipses.twice_y)
            * (places.twice_y - ellipses.twice_y)
            * ellipses.width
            * ellipses.width
            <= ellipses.width * ellipses.width * ellipses.height * ellipses.height
)

select * from final
