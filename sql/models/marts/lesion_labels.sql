-- The classes of each ellipse of REFLACX, one a row.
-- Grain: reading_id, ellipse, label_class. An ellipse has one class or more.
-- Rule: what marts.lesions has as a column that is true is a row here.
-- Columns:
--   label_class: One of the 21 classes of staging.reflacx_label_classes.
with

classes as (
    select distinct label_class
    from staging.reflacx_label_classes
),

cells as (
    select
        lesions.reading_id,
        lesions.ellipse,
        lesions.dicom_id,
        lesions.subject_id,
        lesions.label_version,
        classes.label_class,
        lesions.certainty,
        lesions.xmin,
        lesions.ymin,
        lesions.xmax,
        lesions.ymax,
        case classes.label_class
            when 'Abnormal mediastinal contour'
                then lesions.abnormal_mediastinal_contour
            when 'Acute fracture' then lesions.acute_fracture
            when 'Airway wall thickening' then lesions.airway_wall_thickening
            when 'Atelectasis' then lesions.atelectasis
            when 'Consolidation' then lesions.consolidation
            when 'Enlarged cardiac silhouette' then lesions.enlarged_cardiac_silhouette
            when 'Enlarged hilum' then lesions.enlarged_hilum
            when 'Fibrosis' then lesions.fibrosis
            when 'Fracture' then lesions.fracture
            when 'Groundglass opacity' then lesions.groundglass_opacity
            when 'Hiatal hernia' then lesions.hiatal_hernia
            when 'High lung volume / emphysema' then lesions.high_lung_volume_emphysema
            when 'Interstitial lung disease' then lesions.interstitial_lung_disease
            when 'Lung nodule or mass' then lesions.lung_nodule_or_mass
            when 'Other' then lesions.other
            when 'Pleural abnormality' then lesions.pleural_abnormality
            when 'Pneumothorax' then lesions.pneumothorax
            when 'Pulmonary edema' then lesions.pulmonary_edema
            when 'Quality issue' then lesions.quality_issue
            when 'Support devices' then lesions.support_devices
            when 'Wide mediastinum' then lesions.wide_mediastinum
        end as is_carried
    from marts.lesions as lesions
    cross join classes
),

final as (
    select
        reading_id,
        ellipse,
        label_class,
        dicom_id,
        subject_id,
        label_version,
        certainty,
        xmin,
        ymin,
        xmax,
        ymax
    from cells
    where is_carried
)

select * from final
