namespace DhtTracer.Ingestion.Files;

/// <summary>A file for input that can be read once, so that it can be read again.</summary>
public static class TemporaryFile
{
    /// <summary>Creates an empty file that only this process can reach, and that is gone when it is closed or the process ends.</summary>
    /// <exception cref="IOException">The folder for temporary files cannot be written.</exception>
    public static FileStream Create()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 1 << 16,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose | FileOptions.Asynchronous : FileOptions.Asynchronous,
        };
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, options);
        }

        // Without its name at once: what remains goes with the process, however that ends.
        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        File.Delete(path);
        return file;
    }
}
