# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/DhtTracer --configuration Release --output /app /p:CI=true

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12
# The image's own unprivileged user; the data directory is made for it.
RUN mkdir /data && chown $APP_UID /data && chmod 0700 /data
WORKDIR /app
COPY --from=build /app .
USER $APP_UID
VOLUME /data
# Inside the container every interface is its own: without this address no published port could be reached. Publish on loopback
# (docker run -p 127.0.0.1:5080:5080 ...) with DHT_TRACER_INSECURE=true, or make keys first. Every option can be set like these.
ENV DHT_TRACER_BIND=0.0.0.0 DHT_TRACER_DATA=/data
# Site, OTLP over HTTP and gRPC, Jaeger gRPC and Thrift, Jaeger UDP, sampling, Zipkin, Jaeger query HTTP and gRPC, health.
EXPOSE 5080 4318 4317 14250 14268 6831/udp 6832/udp 5778 9411 16686 16685 13133
# Asks the health port inside the container; with --health-port off there is none to ask, and --no-healthcheck switches this off.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["./dht-tracer", "health"]
ENTRYPOINT ["./dht-tracer"]
