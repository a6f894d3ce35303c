-- Labels that radiologists gave to the studies of MIMIC-CXR-JPG's test set, under the
-- names that CheXpert and NegBio use; since 2.1.0.
-- Grain: study_id.
-- Columns:
--   lung_opacity: Whether a radiologist read airspace opacity in the report, as the
--     source calls it: 1 yes, 0 no, -1 uncertain, null where not mentioned.
with

final as (
    select
        study_id,
        "Atelectasis" as atelectasis,
        "Cardiomegaly" as cardiomegaly,
        "Consolidation" as consolidation,
        "Edema" as edema,
        enlarged_cardiomediastinum,
        "Fracture" as fracture,
        lung_lesion,
        airspace_opacity as lung_opacity,
        no_finding,
        pleural_effusion,
        pleural_other,
        "Pneumonia" as pneumonia,
        "Pneumothorax" as pneumothorax,
        support_devices
    from mimic_cxr_jpg.test_set_labeled
)

select * from final
