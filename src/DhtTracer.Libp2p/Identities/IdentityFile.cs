namespace DhtTracer.Libp2p.Identities;

/// <summary>Stores an identity in a file, as a libp2p <c>PrivateKey</c> protobuf. Only the owner may read the file.</summary>
public static class IdentityFile
{
    private const int MaxLength = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads the identity in <paramref name="path"/>, or creates one and writes it there.</summary>
    /// <exception cref="WireException">The file exists but holds no Ed25519 private key. It is not changed.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static Identity ReadOrCreate(string path)
    {
        if (File.Exists(path))
        {
            return Read(path);
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null)
        {
            _ = Directory.CreateDirectory(folder);
        }

        var identity = Identity.Create();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            // The mode is set at creation, so others can never read the file.
            options.UnixCreateMode = OwnerOnly;
        }

        using var file = new FileStream(path, options);
        file.Write(identity.ToProtobuf());
        file.Flush(flushToDisk: true);
        return identity;
    }

    /// <exception cref="WireException">The file holds no Ed25519 private key.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Identity Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (file.Length > MaxLength)
        {
            throw new WireException(WireLayer.Identity, $"{path} is too long to be a private key; name another file or remove it");
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        try
        {
            return Identity.FromProtobuf(bytes);
        }
        catch (WireException e)
        {
            throw new WireException(WireLayer.Identity, $"{path} holds no Ed25519 private key; name another file or remove it", e);
        }
    }
}
