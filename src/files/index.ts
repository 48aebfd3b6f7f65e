export { type FileResult, type NewFile, type SavedFile, saveFile } from './fileResult.ts';
export { openUpload, readUpload, type Upload, type UploadFacts, type UploadStream } from './upload.ts';
