-- The class that each label of REFLACX belongs to: 26 labels, 21 classes. Phase 1 asked
-- for 18 labels and phases 2 and 3 for 16, 8 of them in common.
-- Grain: label.
-- Rule: MIMIC-Eye 1.0.0, methods, REFLACX: radiologists merged the two vocabularies.
-- Columns:
--   label: A label that readers could choose.
--   label_class: The class that the label belongs to.
--   is_flag: Whether the label was ticked for the image as a whole, without a
--     certainty.
with

final (label, label_class, is_flag) as (
    values
    ('Abnormal mediastinal contour', 'Abnormal mediastinal contour', false),
    ('Acute fracture', 'Acute fracture', false),
    ('Airway wall thickening', 'Airway wall thickening', false),
    ('Atelectasis', 'Atelectasis', false),
    ('Consolidation', 'Consolidation', false),
    ('Emphysema', 'High lung volume / emphysema', false),
    ('Enlarged cardiac silhouette', 'Enlarged cardiac silhouette', false),
    ('Enlarged hilum', 'Enlarged hilum', false),
    ('Fibrosis', 'Fibrosis', false),
    ('Fracture', 'Fracture', false),
    ('Groundglass opacity', 'Groundglass opacity', false),
    ('Hiatal hernia', 'Hiatal hernia', false),
    ('High lung volume / emphysema', 'High lung volume / emphysema', false),
    ('Interstitial lung disease', 'Interstitial lung disease', false),
    ('Lung nodule or mass', 'Lung nodule or mass', false),
    ('Mass', 'Lung nodule or mass', false),
    ('Nodule', 'Lung nodule or mass', false),
    ('Other', 'Other', false),
    ('Pleural abnormality', 'Pleural abnormality', false),
    ('Pleural effusion', 'Pleural abnormality', false),
    ('Pleural thickening', 'Pleural abnormality', false),
    ('Pneumothorax', 'Pneumothorax', false),
    ('Pulmonary edema', 'Pulmonary edema', false),
    ('Quality issue', 'Quality issue', true),
    ('Support devices', 'Support devices', true),
    ('Wide mediastinum', 'Wide mediastinum', false)
)

select * from final
