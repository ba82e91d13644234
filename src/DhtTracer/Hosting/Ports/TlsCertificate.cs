using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DhtTracer.Output;

namespace DhtTracer.Hosting.Ports;

/// <summary>
/// The certificate of the ports, with the chain in its file. A renewed file is used for new connections within a minute; one that cannot be
/// read, as while it is being written, is not: the last good certificate stays.
/// </summary>
internal sealed class TlsCertificate
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly string _certificateFile;
    private readonly string _keyFile;
    private readonly TimeProvider _clock;
    private readonly Lock _guard = new();
    private SslStreamCertificateContext _current;
    private (DateTime Certificate, DateTime Key) _written;
    private long _looked;

    /// <summary>Reads the files.</summary>
    /// <param name="certificateFile">PEM: the certificate, then the certificates that issued it.</param>
    /// <param name="keyFile">PEM: the private key, not encrypted.</param>
    /// <param name="clock">Says when to look at the files again.</param>
    /// <exception cref="CommandFailedException">A file cannot be read or used.</exception>
    public TlsCertificate(string certificateFile, string keyFile, TimeProvider clock)
    {
        (_certificateFile, _keyFile, _clock) = (certificateFile, keyFile, clock);
        _written = Written();
        _looked = clock.GetTimestamp();
        try
        {
            _current = Read();
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException(
                $"The certificate {certificateFile} with the key {keyFile} cannot be used: {error.Message} Both are PEM files, and the key "
                    + "is not encrypted.",
                ExitCode.Usage,
                error
            );
        }
    }

    /// <summary>The certificate for a new connection.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_guard)
            {
                if (_clock.GetElapsedTime(_looked) >= Fresh)
                {
                    _looked = _clock.GetTimestamp();
                    Renew();
                }

                return _current;
            }
        }
    }

    private void Renew()
    {
        try
        {
            var written = Written();
            if (written != _written)
            {
                _current = Read();
                _written = written;
            }
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Looked at again in a minute.
        }
    }

    private (DateTime Certificate, DateTime Key) Written() =>
        (File.GetLastWriteTimeUtc(_certificateFile), File.GetLastWriteTimeUtc(_keyFile));

    private SslStreamCertificateContext Read()
    {
        var certificate = X509Certificate2.CreateFromPemFile(_certificateFile, _keyFile);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificateFile);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }
}
