-- The readings of REFLACX's three phases one after another, their labels merged into
-- the 21 classes.
-- Grain: id.
-- Rule: staging.reflacx_label_classes; the merged cell is the one of greatest
-- certainty; a class that a phase did not ask about stays null.
-- Columns:
--   patient: Patient with the folder in which the row goes.
--   file_order: Position of the row, from 1, over the phases one after another.
--   source_row: Position of the row in its phase's file, from 0.
--   id: Reading by one radiologist, as in staging.reflacx_readings.
--   label_version: Vocabulary that the reader chose from, `phase 1` or `phases 2-3`.
with

readings as (
    select
        1 as phase,
        'phase 1' as label_version,
        *
    from source_text.reflacx_metadata_phase_1
    union all by name
    select
        2 as phase,
        'phases 2-3' as label_version,
        *
    from source_text.reflacx_metadata_phase_2
    union all by name
    select
        3 as phase,
        'phases 2-3' as label_version,
        *
    from source_text.reflacx_metadata_phase_3
),

cells as (
    unpivot readings
    on columns(
        * exclude (
            phase,
            label_version,
            source_row,
            id,
            split,
            eye_tracking_data_discarded,
            image,
            dicom_id,
            subject_id,
            image_size_x,
            image_size_y
        )
    )
    into name label value cell
),

merged as (
    select
        cells.phase,
        cells.source_row,
        classes.label_class,
        -- Free text and flags are one cell a class, which any order finds; no certainty
        -- is nan, which would be greater than all.
        arg_max(
            cells.cell,
            case
                when regexp_matches(cells.cell, '^-?[0-9]{1,9}([.][0-9]*)?$')
                    then try_cast(cells.cell as double)
                else 0
            end
        ) as cell
    from cells
    inner join staging.reflacx_label_classes as classes
        on lower(cells.label) = lower(classes.label)
    group by cells.phase, cells.source_row, classes.label_class
),

classes as (
    select
        phase,
        source_row,
        max(cell) filter (where label_class = 'Abnormal mediastinal contour')
            as "Abnormal mediastinal contour",
        max(cell) filter (where label_class = 'Acute fracture')
            as "Acute fracture",
        max(cell) filter (where label_class = 'Airway wall thickening')
            as "Airway wall thickening",
        max(cell) filter (where label_class = 'Atelectasis')
            as "Atelectasis",
        max(cell) filter (where label_class = 'Consolidation')
            as "Consolidation",
        max(cell) filter (where label_class = 'Enlarged cardiac silhouette')
            as "Enlarged cardiac silhouette",
        max(cell) filter (where label_class = 'Enlarged hilum')
            as "Enlarged hilum",
        max(cell) filter (where label_class = 'Fibrosis')
            as "Fibrosis",
        max(cell) filter (where label_class = 'Fracture')
            as "Fracture",
        max(cell) filter (where label_class = 'Groundglass opacity')
            as "Groundglass opacity",
        max(cell) filter (where label_class = 'Hiatal hernia')
            as "Hiatal hernia",
        max(cell) filter (where label_class = 'High lung volume / emphysema')
            as "High lung volume / emphysema",
        max(cell) filter (where label_class = 'Interstitial lung disease')
            as "Interstitial lung disease",
        max(cell) filter (where label_class = 'Lung nodule or mass')
            as "Lung nodule or mass",
        max(cell) filter (where label_class = 'Other')
            as "Other",
        max(cell) filter (where label_class = 'Pleural abnormality')
            as "Pleural abnormality",
        max(cell) filter (where label_class = 'Pneumothorax')
            as "Pneumothorax",
        max(cell) filter (where label_class = 'Pulmonary edema')
            as "Pulmonary edema",
        max(cell) filter (where label_class = 'Quality issue')
            as "Quality issue",
        max(cell) filter (where label_class = 'Support devices')
            as "Support devices",
        max(cell) filter (where label_class = 'Wide mediastinum')
            as "Wide mediastinum"
    from merged
    group by phase, source_row
)

select
    try_cast(readings.subject_id as bigint) as patient,
    row_number() over (order by readings.phase, readings.source_row) as file_order,
    readings.source_row,
    readings.id,
    readings.split,
    readings.eye_tracking_data_discarded,
    readings.image,
    readings.dicom_id,
    readings.subject_id,
    readings.image_size_x,
    readings.image_size_y,
    readings.label_version,
    classes.* exclude (phase, source_row)
from readings
left join classes
    on
        readings.phase = classes.phase
        and readings.source_row = classes.source_row
