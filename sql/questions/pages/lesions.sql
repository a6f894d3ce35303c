-- Ellipses that readers drew on the asked patients' images and that have all four
-- sides, with the classes of each.
-- Grain: reading_id, ellipse.
with

final as (
    select
        lesions.subject_id,
        lesions.reading_id,
        lesions.ellipse,
        lesions.xmin,
        lesions.ymin,
        lesions.xmax,
        lesions.ymax,
        lesions.certainty,
        concat_ws(
            ', ',
            case
                when lesions.abnormal_mediastinal_contour
                    then 'Abnormal mediastinal contour'
            end,
            case when lesions.acute_fracture then 'Acute fracture' end,
            case when lesions.airway_wall_thickening then 'Airway wall thickening' end,
            case when lesions.atelectasis then 'Atelectasis' end,
            case when lesions.consolidation then 'Consolidation' end,
            case
                when lesions.enlarged_cardiac_silhouette
                    then 'Enlarged cardiac silhouette'
            end,
            case when lesions.enlarged_hilum then 'Enlarged hilum' end,
            case when lesions.fibrosis then 'Fibrosis' end,
            case when lesions.fracture then 'Fracture' end,
            case when lesions.groundglass_opacity then 'Groundglass opacity' end,
            case when lesions.hiatal_hernia then 'Hiatal hernia' end,
            case
                when lesions.high_lung_volume_emphysema
                    then 'High lung volume / emphysema'
            end,
            case
                when lesions.interstitial_lung_disease then 'Interstitial lung disease'
            end,
            case when lesions.lung_nodule_or_mass then 'Lung nodule or mass' end,
            case when lesions.other then 'Other' end,
            case when lesions.pleural_abnormality then 'Pleural abnormality' end,
            case when lesions.pneumothorax then 'Pneumothorax' end,
            case when lesions.pulmonary_edema then 'Pulmonary edema' end,
            case when lesions.quality_issue then 'Quality issue' end,
            case when lesions.support_devices then 'Support devices' end,
            case when lesions.wide_mediastinum then 'Wide mediastinum' end
        ) as labels
    from marts.lesions as lesions
    inner join asked_patients as asked on lesions.subject_id = asked.subject_id
    where
        lesions.xmin is not null
        and lesions.ymin is not null
        and lesions.xmax is not null
        and lesions.ymax is not null
)

select * from final
order by subject_id, reading_id, ellipse
